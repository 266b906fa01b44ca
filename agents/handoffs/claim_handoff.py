"""This file lets you take hold of a handoff before something is done to it, so that nobody else does meanwhile."""

from typing import Any
from uuid import UUID

from assay.core.errors import AssayError, single

from agents.handoffs.settle_handoff import settle_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status
from sentinel.access import Access

# What tells of a lease that was given.
CONFIRMED = "confirmed"


def claim_handoff(
    *,
    access: Access,
    handoff: Handoff,
    states: tuple[Status, ...],
    to: str,
    lease_id: UUID | None = None,
    worker: str = "",
) -> Handoff:
    """The handoff as it is now, locked until the transaction ends. What time has done to it is written down first.

    Who names a lease or a worker must be the one that holds it. Raises AssayError 403, 404, 409 `wrong_status` unless
    it is in one of `states` (`to` says what for, in words), `lease_lost`, 422 `unknown_lease`.
    """
    claimed = lock_handoff(access=access, handoff=handoff)
    check_lease(claimed, lease_id)
    is_another = lease_id is not None and claimed.lease_id != lease_id
    if is_another or (worker and is_held_by_another(claimed, worker)):
        raise refused(claimed, "lease_lost", f"This lease on {claimed.task_id} is over: {standing(claimed)}.")
    if claimed.state not in states:
        wanted = " or ".join(states)
        told = f"{claimed.task_id} is {claimed.state}; only one that is {wanted} can {to}."
        raise refused(claimed, "wrong_status", told)
    settle_handoff(claimed)
    return claimed


def lock_handoff(*, access: Access, handoff: Handoff) -> Handoff:
    """The same in whatever state it is, judged but not settled. Two queries. Raises AssayError 403, 404."""
    access.require("agents.write")
    mine = Handoff.objects.in_project(access.project_id).filter(pk=handoff.pk)
    # Locked by itself and read after: a lock that is waited for looks at the row anew, but not at what is joined to it.
    if not mine.select_for_update(no_key=True).values_list("pk"):
        raise AssayError("not_found", "There is no such handoff.", status=404)
    return mine.judged().select_related("from_agent", "to_agent", "payload_type").get()


def check_lease(handoff: Handoff, lease_id: UUID | None) -> None:
    """Raises AssayError 422 `unknown_lease` for one that was never given on this handoff. No query for the one that is
    held, or for none."""
    if lease_id in (None, handoff.lease_id):
        return
    if not handoff.events.filter(action=CONFIRMED, facts__lease_id=str(lease_id)).exists():
        raise single("unknown_lease", "/lease_id", f"There never was such a lease on {handoff.task_id}.")


def is_held_by_another(handoff: Handoff, worker: str) -> bool:
    return handoff.state == Status.IN_PROGRESS and handoff.worker not in ("", worker)


def refused(handoff: Handoff, code: str, told: str) -> AssayError:
    """The error 409, with where the handoff stands for programs to read."""
    stands: dict[str, Any] = {"task_id": handoff.task_id, "status": handoff.state, "attempt": handoff.attempt_now}
    if handoff.state == Status.IN_PROGRESS and handoff.lease_until is not None:
        stands |= {
            "agent": handoff.to_agent.code,
            "worker": handoff.worker,
            "lease_until": handoff.lease_until.isoformat(),
        }
    return AssayError(code, told, status=409, extra={"handoff": stands})


def standing(handoff: Handoff) -> str:
    """Where it stands, and with whom, in words."""
    if handoff.state != Status.IN_PROGRESS or handoff.lease_until is None:
        return f"it is {handoff.state}"
    who = f"{handoff.to_agent.code} ({handoff.worker})" if handoff.worker else handoff.to_agent.code
    return f"{who} has it until {handoff.lease_until:%Y-%m-%d %H:%M:%S} UTC"
