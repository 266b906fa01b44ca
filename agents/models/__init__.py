from agents.models.rollups import DecisionCount, DropCount, RunCount, SignalCount
from agents.models.settings import AgentSettings
from agents.models.telemetry import Call, Decision, Failure, QualitySignal, Run, RunKey, Step

__all__ = [
    "AgentSettings",
    "Call",
    "Decision",
    "DecisionCount",
    "DropCount",
    "Failure",
    "QualitySignal",
    "Run",
    "RunCount",
    "RunKey",
    "SignalCount",
    "Step",
]
