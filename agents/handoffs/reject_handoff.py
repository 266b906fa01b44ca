"""This file lets you turn work down: it is over, and who gave it is told why."""

from uuid import UUID

from django.db import transaction

from agents.handoffs.check_reason_code import check_reason_code
from agents.handoffs.claim_handoff import claim_handoff
from agents.handoffs.remember_handoff import OUTCOME, remember_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status
from sentinel.access import Access


@transaction.atomic
def reject_handoff(
    *,
    access: Access,
    handoff: Handoff,
    reason: str = "",
    reason_code: str = "",
    lease_id: UUID | None = None,
    worker: str = "",
) -> Handoff:
    """The handoff, rejected. Raises AssayError 403, 404, 409 `lease_lost`, `wrong_status`, 422 `unknown_lease`,
    `invalid`."""
    check_reason_code(reason_code)
    states = (Status.PENDING, Status.IN_PROGRESS)
    claimed = claim_handoff(
        access=access, handoff=handoff, states=states, to="be rejected", lease_id=lease_id, worker=worker
    )
    claimed.move_to(Status.REJECTED, reason=reason, reason_code=reason_code)
    claimed.tell("rejected", access, reason=reason, code=reason_code)
    remember_handoff(claimed, OUTCOME, reason_code=reason_code, reason=reason)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
