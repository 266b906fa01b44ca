"""Hand work to agents, and do what is handed to yours: `Handoffs`, and `AsyncHandoffs` for asyncio."""

from assay.handoffs.async_client import AsyncHandoffs
from assay.handoffs.client import Handoffs
from assay.handoffs.shapes import Handoff, Input, Lease, Pending, Result
from assay.handoffs.working import AskBack, Reject

__all__ = [
    "AskBack",
    "AsyncHandoffs",
    "Handoff",
    "Handoffs",
    "Input",
    "Lease",
    "Pending",
    "Reject",
    "Result",
]
