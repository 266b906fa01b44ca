"""This file lets you bring back what a handoff came to, in time or late."""

from typing import Any
from uuid import UUID

import msgspec
from assay.core.errors import single
from django.db import transaction

from agents.handoffs.claim_handoff import CONFIRMED, check_lease, is_held_by_another, lock_handoff, refused
from agents.handoffs.remember_handoff import LATE, OUTCOME, remember_handoff
from agents.handoffs.settle_handoff import settle_handoff
from agents.models import Handoff, HandoffResult
from agents.models.handoff_states import Status
from sentinel.access import Access

LARGEST = 1024 * 1024
LEASE_LOST = "lease_lost"


@transaction.atomic
def complete_handoff(
    *, access: Access, handoff: Handoff, result: Any, lease_id: UUID | None = None, worker: str = ""
) -> HandoffResult:
    """The result as it is kept. Within its lease it completes the handoff. `late` when the lease was lost or the
    handoff is over: then it is kept beside, and changes nothing. The same again gives what was kept.

    Who names no lease and no worker is taken for the one who holds it. Raises AssayError 403, 404, 409 `wrong_status`
    where nobody ever confirmed, 413 `result_too_large`, 422 `unknown_lease`.
    """
    if len(msgspec.json.encode(result)) > LARGEST:
        raise single("result_too_large", "/result", f"A result may take {LARGEST} bytes as JSON.", status=413)
    claimed = lock_handoff(access=access, handoff=handoff)
    if claimed.in_progress_at is None:
        told = f"{claimed.task_id} is {claimed.state}: it is confirmed before it is completed."
        raise refused(claimed, "wrong_status", told)
    check_lease(claimed, lease_id)
    late = _why_late(claimed, lease_id, worker)
    before = _kept_before(claimed, result, lease_id, worker) if late else None
    if before is not None:
        return before
    if late:
        attempt, of = _late_attempt(claimed, lease_id, worker)
        settle_handoff(claimed)
        kept = HandoffResult(attempt=attempt, lease_id=lease_id, worker=of, late=True, late_reason=late)
    else:
        kept = HandoffResult(attempt=claimed.attempt, lease_id=claimed.lease_id, worker=claimed.worker)
    kept.handoff, kept.result = claimed, result
    kept.save(force_insert=True)
    if late:
        claimed.tell("late result", access, why=late, worker=kept.worker, attempt=kept.attempt)
        remember_handoff(claimed, LATE, result=result, why=late)
    else:
        claimed.move_to(Status.COMPLETED)
        claimed.tell("completed", access, worker=claimed.worker)
        remember_handoff(claimed, OUTCOME, result=result)
    return kept


def _why_late(handoff: Handoff, lease_id: UUID | None, worker: str) -> str:
    """Why a result is late; empty when it is not."""
    if handoff.state == Status.IN_PROGRESS:
        is_another = is_held_by_another(handoff, worker) if lease_id is None and worker else False
        return LEASE_LOST if is_another or lease_id not in (None, handoff.lease_id) else ""
    return LEASE_LOST if handoff.state == Status.PENDING else handoff.state.lower()


def _late_attempt(handoff: Handoff, lease_id: UUID | None, worker: str) -> tuple[int, str]:
    """Which attempt a late result is of, and whose: as its lease was given, or what its worker had last. Who named
    neither brings what was given last, as far as one can tell, and nobody knows who they are."""
    given = handoff.events.filter(action=CONFIRMED).order_by("-id")
    if lease_id is not None:
        given = given.filter(facts__lease_id=str(lease_id))
    elif worker:
        given = given.filter(facts__worker=worker)
    lease = given.first()
    if lease is None:
        return handoff.attempt, worker
    return lease.attempt, lease.facts.get("worker", "") if lease_id is not None else worker


def _kept_before(handoff: Handoff, result: Any, lease_id: UUID | None, worker: str) -> HandoffResult | None:
    """The very same from the same, whose answer was lost on the way."""
    for kept in handoff.results.all():
        same = kept.lease_id == lease_id if lease_id is not None else worker in ("", kept.worker)
        if same and kept.result == result:
            return kept
    return None
