"""Tell what an agent decided and why, as codes: which tool it took, how it retried, where it left off.

ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python agent_decisions.py
"""

import os

from assay.tracing import AgentTracer, Run

FORECASTS = {"berlin": "rain", "lisbon": "sun"}


def forecast(run: Run, city: str) -> str:
    """Look a forecast up: in the cache where that will do, else from a service that fails at first."""
    if city in FORECASTS:
        run.record_decision("tool_selection", "cache", "cached_data_sufficient", candidates=["cache", "service"])
        return FORECASTS[city]
    run.record_decision(
        "tool_selection",
        "service",
        "fresh_data_required",
        candidates=["cache", "service"],
        confidence=0.9,  # in [0, 1]
        metadata={"cache_age_minutes": 95},  # numbers, booleans and codes; never a sentence
    )
    for attempt in range(3):
        try:
            with run.step("tool", "forecast-service", metadata={"attempt": attempt}):
                return call_service(attempt)
        except TimeoutError:
            run.record_decision("retry_strategy", "retry", "transient_error_detected", confidence=0.6)
    run.record_decision("orchestration_path", "no-forecast", "fallback_path")
    return "unknown"


def call_service(attempt: int) -> str:
    """Answer at the second attempt."""
    if attempt == 0:
        raise TimeoutError("This sentence stays in the process: a failure is told by its class.")
    return "fog"


with AgentTracer(
    "weather-scout", "1.4.0", url=os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"), key=os.environ["ASSAY_KEY"]
) as tracer:
    for city in ("berlin", "lisbon", "oslo"):
        with tracer.start_run() as run, run.step("plan", "answer"):
            print(f"{city}: {forecast(run, city)} (run {run.run_id})")
    print("sent:", tracer.flush())
