"""This file lets you tell that work failed: for good, or so that another attempt is worth making."""

from uuid import UUID

from django.db import transaction

from agents.handoffs.check_reason_code import check_reason_code
from agents.handoffs.claim_handoff import claim_handoff
from agents.handoffs.remember_handoff import OUTCOME, remember_handoff
from agents.models import Handoff
from agents.models.handoff_states import EXHAUSTED, Status
from sentinel.access import Access


@transaction.atomic
def fail_handoff(
    *,
    access: Access,
    handoff: Handoff,
    reason: str = "",
    reason_code: str = "",
    retry: bool = False,
    lease_id: UUID | None = None,
    worker: str = "",
) -> Handoff:
    """The handoff: failed, or with `retry` waiting again while an attempt is left.

    Raises AssayError 403, 404, 409 `lease_lost`, `wrong_status`, 422 `unknown_lease`, `invalid`."""
    check_reason_code(reason_code)
    states = (Status.IN_PROGRESS,)
    claimed = claim_handoff(access=access, handoff=handoff, states=states, to="fail", lease_id=lease_id, worker=worker)
    if retry and claimed.attempt < claimed.max_attempts:
        attempt = claimed.attempt
        claimed.move_to(Status.PENDING, attempt=attempt + 1)
        claimed.tell("returned", access, reason=reason, code=reason_code, worker=claimed.worker, attempt=attempt)
    else:
        code = reason_code or (EXHAUSTED if retry else "")
        claimed.move_to(Status.FAILED, reason=reason, reason_code=code)
        claimed.tell("failed", access, reason=reason, code=code, worker=claimed.worker)
        remember_handoff(claimed, OUTCOME, reason_code=code, reason=reason)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
