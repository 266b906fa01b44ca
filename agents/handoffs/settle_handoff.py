"""This file lets you write down what time has done to a handoff: expired, given back, or out of attempts."""

from agents.handoffs.remember_handoff import OUTCOME, remember_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status


def settle_handoff(handoff: Handoff) -> None:
    """Bring a judged handoff, locked in this transaction, to the state in which it is by now. Nothing to do costs no
    query."""
    if handoff.state == handoff.status:
        return
    worker = handoff.worker
    if handoff.state == Status.EXPIRED:
        handoff.move_to(Status.EXPIRED)
        handoff.tell("expired")
        remember_handoff(handoff, OUTCOME)
    elif handoff.state == Status.FAILED:
        code, told = handoff.reason_code_now, handoff.reason_now
        handoff.move_to(Status.FAILED, reason_code=code, reason=told)
        handoff.tell("failed", reason=told, worker=worker)
        remember_handoff(handoff, OUTCOME, reason_code=code, reason=told)
    else:
        attempt = handoff.attempt
        handoff.move_to(Status.PENDING, attempt=handoff.attempt_now)
        handoff.tell("returned", reason="The lease ran out.", worker=worker, attempt=attempt)
