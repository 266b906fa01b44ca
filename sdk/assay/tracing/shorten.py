"""Shorten a run that holds more than the server takes of one, so that the rest of it is told."""

from typing import Final, TypeVar

from assay.tracing.items import DecisionItem, FailureItem, RunItem, SignalItem, StepItem

Part = StepItem | DecisionItem | SignalItem | FailureItem
T = TypeVar("T")

MOST_VALUES: Final = 300_000
"""As the server counts them: by the commas in its JSON. No code has one in it."""


def is_too_long(body: bytes) -> bool:
    """Return whether the server would not take this run."""
    return body.count(b",") > MOST_VALUES


def shorten(item: RunItem) -> int:
    """Leave out a part of what can best be done without; return how much that was, 0 where there is no more of it.

    First what is said beside steps, decisions, signals and failures, then the candidates of decisions; of each it is
    the last half that goes. Without those, as many of all as a run keeps are taken.
    """
    parts: list[Part] = [*item.steps, *item.decisions, *item.quality_signals, *item.failures]
    told = _last_half([part for part in parts if part.metadata])
    if told:
        number = sum(len(part.metadata or ()) for part in told)
        for part in told:
            part.metadata = None
        return number
    chosen = _last_half([decision for decision in item.decisions if decision.candidates])
    number = sum(len(decision.candidates or ()) for decision in chosen)
    for decision in chosen:
        decision.candidates = None
    return number


def _last_half(things: list[T]) -> list[T]:
    return things[len(things) // 2 :]
