"""This file lets you say where a run begins to go in circles, and which circles are the same."""

from collections.abc import Sequence
from typing import TypeAlias

from agents.telemetry.loops import RESPOND

# What a step is told apart by: its type and its name.
Kind: TypeAlias = tuple[str, str | None]


def start_of_cycle(steps: Sequence[Kind], length: int, repeats: int) -> int | None:
    """Where `length` steps in a row first begin to come `repeats` times, one after the other; None where none do."""
    stretch = length * (repeats - 1)
    unbroken = 0
    for place in range(len(steps) - length):
        alike = steps[place] == steps[place + length] and steps[place][0] != RESPOND
        unbroken = unbroken + 1 if alike else 0
        if unbroken == stretch:
            return place + 1 - stretch
    return None


def turned(cycle: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """The same circle from whichever of its steps comes first in order: where a run entered it makes no difference."""
    turns = (cycle[place:] + cycle[:place] for place in range(len(cycle)))
    return min(turns, key=lambda turn: [(type_, name or "") for type_, name in turn])
