"""This file lets a handoff's page offer what its state and its reader allow now, and nothing else."""

from dataclasses import dataclass

from agents.models import Agent, Handoff
from agents.models.handoff_states import OPEN, Status
from agents.models.handoffs import MOST_HOPS
from sentinel.access import Access


@dataclass(frozen=True, slots=True)
class Offers:
    """`others`: whom it can be given to instead. `again`: a new one can be made like it; `on`: it can be passed on."""

    may_answer: bool = False
    may_cancel: bool = False
    others: tuple[Agent, ...] = ()
    again: bool = False
    on: bool = False


def offers(handoff: Handoff, access: Access) -> Offers:
    """What this person may do with a judged handoff. One query at most."""
    if not access.may("agents.write"):
        return Offers()
    on = handoff.to_agent.is_active and handoff.hop_count < MOST_HOPS
    if handoff.state not in OPEN:
        return Offers(again=True, on=on and handoff.state == Status.COMPLETED)
    others = Agent.objects.in_project(handoff.project_id).active().exclude(code__in=handoff.chain)
    return Offers(
        may_answer=handoff.state == Status.INPUT_REQUIRED,
        may_cancel=True,
        others=tuple(others.only("code", "name", "role")[:200]),
        on=on and handoff.state == Status.IN_PROGRESS,
    )
