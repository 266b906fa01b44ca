"""This file lets you call work off, whoever has it: what still comes back is kept as late."""

from django.db import transaction

from agents.handoffs.check_reason_code import check_reason_code
from agents.handoffs.claim_handoff import claim_handoff
from agents.handoffs.remember_handoff import OUTCOME, remember_handoff
from agents.models import Handoff
from agents.models.handoff_states import OPEN, Status
from sentinel.access import Access


@transaction.atomic
def cancel_handoff(*, access: Access, handoff: Handoff, reason: str = "", reason_code: str = "") -> Handoff:
    """The handoff, canceled. Raises AssayError 403, 404, 409 `wrong_status`, 422 `invalid`."""
    check_reason_code(reason_code)
    claimed = claim_handoff(access=access, handoff=handoff, states=OPEN, to="be canceled")
    claimed.move_to(Status.CANCELED, reason=reason, reason_code=reason_code)
    claimed.tell("canceled", access, reason=reason, code=reason_code)
    remember_handoff(claimed, OUTCOME, reason_code=reason_code, reason=reason)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
