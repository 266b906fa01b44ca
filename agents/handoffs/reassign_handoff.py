"""This file lets you give work to another agent than the one it was for, whether or not that one has begun."""

from assay.core.errors import AssayError, single
from django.db import transaction

from agents.handoffs.claim_handoff import claim_handoff
from agents.handoffs.remember_handoff import GIVEN, OUTCOME, remember_handoff
from agents.models import Agent, Handoff
from agents.models.handoff_states import OPEN, Status
from sentinel.access import Access


@transaction.atomic
def reassign_handoff(*, access: Access, handoff: Handoff, to_agent: Agent, reason: str = "") -> Handoff:
    """The handoff, pending for the other agent, with all its attempts. What the first still brings back is late.

    Raises AssayError 403, 404, 409 `wrong_status`, `agent_inactive`, `handoff_loop` where the work passed that agent.
    """
    claimed = claim_handoff(access=access, handoff=handoff, states=OPEN, to="be given to another")
    if to_agent.project_id != access.project_id:
        raise AssayError("not_found", "There is no such agent.", status=404)
    if not to_agent.is_active:
        raise single("agent_inactive", "/to_agent", f"{to_agent.code} is switched off.", status=409)
    if to_agent.code in claimed.chain:
        told = f"The work passed {to_agent.code} already: {' → '.join(claimed.chain)}."
        raise single("handoff_loop", "/to_agent", told, status=409)
    remember_handoff(claimed, OUTCOME, reassigned_to=to_agent.code, reason=reason)
    before = claimed.to_agent.code
    chain = [*claimed.chain[:-1], to_agent.code]
    claimed.move_to(Status.PENDING, to_agent=to_agent, chain=chain, attempt=1)
    claimed.tell("reassigned", access, reason=reason, before=before, to=to_agent.code)
    remember_handoff(claimed, GIVEN, payload=claimed.payload, priority=claimed.priority_name)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
