"""This file lets the cycle that a run went through be found among its steps. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.models import Step
from agents.questions.cycle import start_of_cycle

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Circle:
    """The steps of one round by name, the first few of so many, how often they came one after the other, and the ids of
    all steps within."""

    names: tuple[str, ...]
    length: int
    repeats: int
    ids: frozenset[str]
    first: str


def find_circle(steps: Sequence[Step], length: int | None, repeats: int | None) -> Circle | None:
    """Where a cycle of so many steps that came so often begins; None where there is none.

    Steps are alike that have the same type and name. Costs one pass over them.
    """
    if not length or not repeats:
        return None
    ordered = sorted(steps, key=lambda step: step.seq)
    first = start_of_cycle([(step.step_type, step.name) for step in ordered], length, repeats)
    if first is None:
        return None
    within = ordered[first : first + length * repeats]
    names = tuple(step.name or step.step_type for step in within[: min(length, MOST_NAMED)])
    return Circle(names, length, repeats, frozenset(step.step_id for step in within), within[0].step_id)
