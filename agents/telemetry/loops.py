"""Find where a run went in circles."""

import re
from collections.abc import Sequence

from agents.telemetry.facts import Step

LONGEST_CYCLE = 100
FEWEST_REPEATS = 3
RESPOND = "respond"


def find_loop(steps: Sequence[Step]) -> tuple[int, int] | None:
    """The cycle of steps, told apart by type and name, that covers most of the run when it comes at least three times
    in a row: its length in steps and how often it comes; of those that cover as much, the shortest. A step that
    responds ends whatever came before it: a conversation of many turns is no circle.

    A run that repeats with period p equals itself shifted by p: what differs is the exclusive or of both, taken as one
    whole number each, and an unbroken stretch of z zeros is z // p + 1 rounds. Cycles of up to 100 steps are looked
    for, so that the time is linear in the number of steps.
    """
    if len(steps) < FEWEST_REPEATS:
        return None
    numbers: dict[tuple[str, str | None], int] = {}
    order = [
        numbers.setdefault((step.step_type, str(place) if step.step_type == RESPOND else step.name), len(numbers))
        for place, step in enumerate(steps)
    ]
    if len(numbers) > len(steps) - (FEWEST_REPEATS - 1):
        return None
    low = bytes(number & 0xFF for number in order)
    high = bytes(number >> 8 for number in order) if len(numbers) > 256 else None
    best: tuple[int, int] | None = None
    for length in range(1, min(len(order) // FEWEST_REPEATS, LONGEST_CYCLE) + 1):
        differs = _differences(low, length)
        if high is not None:
            differs |= _differences(high, length)
        zeros = _longest_zeros(differs.to_bytes(len(order) - length, "big"), (FEWEST_REPEATS - 1) * length)
        repeats = zeros // length + 1
        if zeros and (best is None or length * repeats > best[0] * best[1]):
            best = length, repeats
    return best


def _differences(order: bytes, shift: int) -> int:
    return int.from_bytes(order[shift:], "big") ^ int.from_bytes(order[:-shift], "big")


def _longest_zeros(differs: bytes, least: int) -> int:
    """How long the longest stretch of at least so many zeros is; 0 where there is none."""
    return max((len(found) for found in re.findall(rb"\x00{%d,}" % least, differs)), default=0)
