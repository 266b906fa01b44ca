"""Tell what was observed of an agent's work, as true or false: was the answer valid, did the search find something.

ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python agent_quality_signals.py
"""

import json
import os
import time

from assay.tracing import AgentTracer, Run

BUDGET = 2_000
"""Tokens."""
SHELF = {"rust": ["The Rust Book"], "django": []}
# What a model said, once as asked for, once not.
ANSWERS = {"rust": '{"title": "The Rust Book"}', "django": "I could not find any."}


def recommend(run: Run, subject: str) -> None:
    """Search, have a model answer, and look at what came of it."""
    with run.step("retrieve", "shelf") as search:
        found = SHELF[subject]
        # Inside of a step a signal belongs to it; `step_id` names another.
        run.record_quality_signal("empty_retrieval", "no_results", not found, weight=0.8)

    began = time.perf_counter()
    with run.step("model", "recommend") as answering:
        answer = ANSWERS[subject]
        answering.set_tokens(tokens_in=600, tokens_out=1_350, model="small-model-2")
    spent = 600 + 1_350
    milliseconds = (time.perf_counter() - began) * 1000
    run.record_quality_signal("latency_threshold", "under_threshold", milliseconds < 1500, step_id=answering)
    run.record_quality_signal("token_usage", "limit_approached", spent > 0.9 * BUDGET, metadata={"budget": BUDGET})

    with run.step("validate", "schema"):
        valid = is_valid(answer)
        run.record_quality_signal("schema_valid", "full_match" if valid else "validation_failed", valid)
    if not valid:
        run.partial()  # it did a part of what it was to do
    run.add_metadata({"found": len(found), "searched_in": search.step_id})


def is_valid(answer: str) -> bool:
    """Whether the answer is an object with a title."""
    try:
        return "title" in json.loads(answer)
    except ValueError:
        return False


with AgentTracer(
    "librarian", "0.9.2", url=os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"), key=os.environ["ASSAY_KEY"]
) as tracer:
    for subject in SHELF:
        with tracer.start_run(session_id="evening-7") as run:
            recommend(run, subject)
        print(f"{subject}: run {run.run_id}")
    print("sent:", tracer.flush())
