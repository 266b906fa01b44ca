"""This file lets a person send their first run: examples to copy, with the address of this installation in them."""

from dataclasses import dataclass

CURL = """curl {address}api/v1/runs \\
  -H "Authorization: Bearer $ASSAY_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{
    "run_id": "first-run",
    "agent_id": "RAFA",
    "agent_version": "1.0.0",
    "status": "success",
    "started_at": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'",
    "latency_ms": 1840,
    "steps": [
      {{"step_type": "retrieve", "name": "find_photos", "latency_ms": 240}},
      {{"step_type": "model", "name": "write", "latency_ms": 1600, "tokens_in": 812, "tokens_out": 96}}
    ]
  }}'"""
SDK = """import os

from assay.tracing import AgentTracer

tracer = AgentTracer("RAFA", "1.0.0", url="{address}", key=os.environ["ASSAY_KEY"])

with tracer.start_run() as run:
    with run.step("tool", "find_photos") as step:
        run.record_decision("tool_selection", "photo_search", "fresh_data_required", step_id=step.step_id)
    run.record_quality_signal("tool_success", "first_attempt", True)"""
OTLP = """export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={address}otlp/v1/traces
export OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $ASSAY_KEY"
opentelemetry-instrument python agent.py"""


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    title: str
    told: str
    text: str

    @property
    def rows(self) -> int:
        return self.text.count("\n") + 1


def examples(address: str) -> list[Example]:
    """One for each way in. `address`: that of this installation, with its last slash."""
    return [
        Example(
            "sdk",
            "From Python",
            "Sends in the background and never raises into the agent.",
            SDK.format(address=address),
        ),
        Example(
            "otlp",
            "From what speaks OpenTelemetry",
            "GenAI conventions and OpenInference are understood; content is left out.",
            OTLP.format(address=address),
        ),
        Example("curl", "With curl", "One run; /api/v1/runs/batch takes a thousand.", CURL.format(address=address)),
    ]
