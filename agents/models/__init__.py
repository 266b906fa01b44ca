from agents.models.handoff_events import HandoffEvent
from agents.models.handoff_results import HandoffResult
from agents.models.handoffs import Handoff
from agents.models.memory import AgentMemory
from agents.models.payload_types import PayloadType
from agents.models.pending import PendingCount
from agents.models.rollups import DecisionCount, DropCount, RunCount, SignalCount
from agents.models.roster import Agent
from agents.models.settings import AgentSettings
from agents.models.telemetry import Call, Decision, Failure, QualitySignal, Run, RunKey, Step
from agents.models.waiting import WaitingSpan

__all__ = [
    "Agent",
    "AgentMemory",
    "AgentSettings",
    "Call",
    "Decision",
    "DecisionCount",
    "DropCount",
    "Failure",
    "Handoff",
    "HandoffEvent",
    "HandoffResult",
    "PayloadType",
    "PendingCount",
    "QualitySignal",
    "Run",
    "RunCount",
    "RunKey",
    "SignalCount",
    "Step",
    "WaitingSpan",
]
