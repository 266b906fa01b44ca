"""Count what a tracer dropped, and say so once for each kind and field, without a word of what it was."""

import contextlib
import os
import sys
import threading
from collections import Counter
from typing import Final

from assay import forks
from assay.notices import warn

KINDS: Final = {
    "not_a_code": "a name was left out: a code is 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces",
    "unknown_step_type": "a step's type is none that Assay knows; it became `other`",
    "unknown_failure_type": "a failure's type is none that Assay knows; it became `other`",
    "unknown_decision": "a decision was left out: its reason code is none of its decision type, or it selected no code",
    "unknown_signal": "a quality signal was left out: its code is none of its signal type",
    "unknown_step": "a step was named that its run does not have; the name was left out",
    "own_parent": "a run was named as its own parent; the name was left out",
    "out_of_range": "a number was outside its range; it was left out, and with it a decision or signal that it rated",
    "not_a_boolean": "a quality signal was left out: its value is neither True nor False",
    "metadata": "a part of some metadata was left out: it holds codes, numbers, booleans and None, under keys that name"
    " no content",
    "invalid_resolution": "a resolution was left out: Assay did not make it",
    "too_many": "something was left out of a run that has as much as the server takes of one run",
    "ended": "something was left out that was recorded after its run had ended",
    "other_process": "a run ended in another process than it began in; it is told by the one that began it",
    "closed": "a run was left out: its tracer is closed",
    "queue_full": "a run was left out: too many wait to be written to disk",
    "unwritable": "a run was left out: it cannot be written as JSON",
}


MOST_TOLD: Final = 20
"""Fields of one kind that are named. Keys of metadata may be without end."""

_OWN: Final = (os.path.dirname(os.path.dirname(__file__)) + os.sep, contextlib.__file__)


class Drops:
    """How much of each kind was dropped."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told: dict[str, set[str]] = {}
        self._lock = threading.RLock()
        forks.watch(self)

    def count(self, kind: str, number: int = 1, field: str = "") -> None:
        """Count `number` things of one of `KINDS`, and warn of the first of each `field`: the name of what was given,
        never what was given. Raises nothing."""
        with self._lock:
            self._counts[kind] += number
            told = self._told.setdefault(kind, set())
            first = field not in told and len(told) < MOST_TOLD
            if first:
                told.add(field)
        if first:
            # The caller's line is named, and not shown: what may not be told may stand in it. That is why the warning
            # itself points at a line of ours.
            warn(
                f"While tracing an agent, {KINDS[kind]}.{_where(field)} Further ones are counted only, in"
                " AgentTracer.dropped."
            )

    def counted(self) -> dict[str, int]:
        """Return how many were dropped, by kind."""
        with self._lock:
            return dict(self._counts)

    def before_fork(self) -> None:
        """Do nothing: a count is never half done for long."""

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Count on, with a lock that nobody holds."""
        self._lock = threading.RLock()


def _where(field: str) -> str:
    """Which field of which call it was, and where that was called, as a sentence; nothing where nobody called."""
    own, frame = "", sys._getframe(1)
    while frame.f_code.co_filename.startswith(_OWN) and frame.f_back is not None:
        own, frame = frame.f_code.co_qualname, frame.f_back
    file = frame.f_code.co_filename
    if file.startswith(_OWN) or file == threading.__file__:
        return ""
    named = f"`{field}` of" if field else "in"
    return f" It was {named} `{own}`, called in {file}, line {frame.f_lineno}."
