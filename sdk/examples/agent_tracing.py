"""Trace everything: agents that call agents, steps in threads and tasks, decisions, signals, a failure, a resolution.

    ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python agent_tracing.py

The prompts come from Assay too, so that the runs of a version can be seen beside it. One client serves both.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from assay import Assay
from assay.tracing import AgentTracer, carry

assay = Assay(os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"), os.environ["ASSAY_KEY"])
# They share the client's queue, on disk: whatever the server does, no agent waits, and nothing is lost.
nova = AgentTracer("NOVA", "2.1.0", client=assay, environment="staging")
rafa = AgentTracer("RAFA", "1.0.3", client=assay, environment="staging")


def lead() -> str:
    """NOVA plans, has two searches made side by side, and hands the writing to RAFA."""
    with nova.start_run(session_id="customer-17", announce=True) as run:  # announced: seen while it runs
        with run.step("plan", "route"):
            run.record_decision(
                "orchestration_path", "search-then-write", "parallel_preferred", candidates=["search-then-write", "ask"]
            )
        with run.step("retrieve", "both"), ThreadPoolExecutor() as pool:
            # A thread knows nothing of the run around it, unless that is carried there.
            found = list(pool.map(carry(search), ("flats", "notes")))
            run.record_quality_signal("empty_retrieval", "no_results", not any(found), weight=0.5)
        with run.step("handoff", "to-rafa"):
            answer = asyncio.run(write())
        try:
            with run.step("respond", "send"):
                deliver(answer)
        except ConnectionError:
            # The step has failed, and that is told; the run gets over it.
            run.record_decision("retry_strategy", "send-later", "no_retry_terminal_error")
            run.partial()
    return run.run_id


def search(place: str) -> int:
    """Search in one place, as a small run of its own inside of NOVA's."""
    with nova.start_run() as run, run.step("tool", f"search-{place}", metadata={"limit": 10}):
        run.record_quality_signal("tool_success", "first_attempt", True)
        return 3


async def write() -> str:
    """RAFA writes with the prompt that serves this customer. Its run belongs to NOVA's by itself."""
    async with rafa.start_run() as run:
        resolution = assay.resolve(
            category="lead_enrichment",
            language="en",
            unit="customer-17",
            variables={"message": "Is the flat still free?", "ai_summary": "Asks about a flat."},
            fallback="Say what this customer wants.",
        )
        async with run.step("model", "draft", resolution=resolution) as step:
            await asyncio.sleep(0.01)  # await your_model(resolution.text, **resolution.model_settings)
            step.set_tokens(tokens_in=412, tokens_out=96, model="small-model-2", cost_usd=0.0009)
        run.record_quality_signal("token_usage", "low_usage", True, step_id=step)
        return "Yes, it is."


def deliver(answer: str) -> None:
    """Fail, as a mail server may."""
    raise ConnectionError(f"Nothing of this is told: {answer}")


def broken() -> None:
    """Fail as a whole: the exception goes on to whoever called, as it came."""
    with nova.start_run() as run, run.step("tool", "calendar"):
        raise TimeoutError("calendar did not answer")


print("lead:", lead())
try:
    broken()
except TimeoutError as error:
    print("broken:", error)
print("left out:", nova.dropped | rafa.dropped)
print("sent:", assay.close())
