"""This file lets you take work that waits: from then on it is yours until its lease runs out."""

from datetime import timedelta
from uuid import UUID

from assay.core.errors import AssayError, single
from django.contrib.postgres.functions import TransactionNow
from django.db import models, transaction

from agents.handoffs.claim_handoff import CONFIRMED, refused, standing
from agents.models import Agent, Handoff
from agents.models.handoff_states import Status
from agents.models.handoffs import LONGEST_LEASE
from config.ids import uuid7
from sentinel.access import Access


@transaction.atomic
def confirm_handoff(
    *, access: Access, handoff: Handoff, worker: str = "", agent: str | None = None, lease_seconds: int | None = None
) -> Handoff:
    """The handoff in progress, with the `lease_id` by which its result is told from a late one. Of two at once one
    wins.

    `worker`: who takes it, by a name of their own; `agent`: whose work they do, to be sure that it is theirs.
    `lease_seconds`: as the handoff says when not given. Raises AssayError 403, 404, 409 `already_confirmed` (it says
    who has it), `wrong_status`, `wrong_agent`, 422.
    """
    access.require("agents.write")
    seconds = handoff.lease_seconds if lease_seconds is None else lease_seconds
    if not 1 <= seconds <= LONGEST_LEASE:
        raise single("invalid_lease", "/lease_seconds", f"A lease is 1 to {LONGEST_LEASE} seconds long.")
    waiting = Handoff.objects.in_project(access.project_id).waiting().filter(pk=handoff.pk)
    if agent is not None:
        # By its id: a condition on a joined table would not be looked at anew by who had to wait for the row.
        codes = Agent.objects.in_project(access.project_id).filter(code=agent).values_list("pk", flat=True)
        waiting = waiting.filter(to_agent_id=codes.first())
    lapsed = models.When(status=Status.IN_PROGRESS, then=models.F("attempt") + 1)
    taken = waiting.update(
        status=Status.IN_PROGRESS,
        lease_id=uuid7(),
        lease_until=TransactionNow() + timedelta(seconds=seconds),
        worker=worker,
        attempt=models.Case(lapsed, default=models.F("attempt"), output_field=models.IntegerField()),
    )
    found = Handoff.objects.in_project(access.project_id).with_parts().filter(pk=handoff.pk).first()
    if found is None:
        raise AssayError("not_found", "There is no such handoff.", status=404)
    if not taken:
        raise _refused(found, agent)
    lease: UUID | None = found.lease_id
    found.tell(CONFIRMED, access, worker=worker, lease_id=str(lease))
    return found


def _refused(handoff: Handoff, agent: str | None) -> AssayError:
    if agent is not None and handoff.to_agent.code != agent:
        told = f"{handoff.task_id} is for {handoff.to_agent.code}, not for {agent[:100]}."
        return refused(handoff, "wrong_agent", told)
    if handoff.state == Status.IN_PROGRESS:
        return refused(handoff, "already_confirmed", f"{handoff.task_id} is taken: {standing(handoff)}.")
    return refused(handoff, "wrong_status", f"{handoff.task_id} is {handoff.state}: it cannot be confirmed.")
