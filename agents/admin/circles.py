"""This file lets the cycle that a run went through be found among its steps. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.models import Step


@dataclass(frozen=True, slots=True)
class Circle:
    """The steps of one round by name, how often they came one after the other, and the ids of all steps within."""

    names: tuple[str, ...]
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
    kinds = [(step.step_type, step.name) for step in ordered]
    wanted = length * (repeats - 1)
    alike = 0
    for place in range(length, len(kinds)):
        alike = alike + 1 if kinds[place] == kinds[place - length] else 0
        if alike >= wanted:
            start = place - wanted - length + 1
            within = ordered[start : place + 1]
            names = tuple(step.name or step.step_type for step in within[:length])
            return Circle(names, repeats, frozenset(step.step_id for step in within), within[0].step_id)
    return None
