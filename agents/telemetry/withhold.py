"""Leave decisions and signals out of a run, where a project keeps none that are not stored already."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from agents.telemetry.facts import Decision, Run, Signal

P = TypeVar("P", Decision, Signal)


def withhold(sent: Run, stored: Run | None) -> tuple[Run, dict[str, int]]:
    """The run without its decisions and signals, and by kind how many of those say something that is not stored."""
    found = {
        "decisions": _new(sent.decisions, stored.decisions if stored else ()),
        "quality_signals": _new(sent.signals, stored.signals if stored else ()),
    }
    told = {kind: count for kind, count in found.items() if count}
    return msgspec.structs.replace(sent, decisions=[], signals=[]), told


def _new(sent: Sequence[P], stored: Sequence[P]) -> int:
    known = {part.own_id: part for part in stored}
    return sum(known.get(part.own_id) != part for part in sent)
