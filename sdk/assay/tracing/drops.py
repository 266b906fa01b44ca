"""Count what a tracer dropped, and say so once for each kind, without a word of what it was."""

import threading
from collections import Counter
from typing import Final

from assay import forks
from assay.notices import warn

KINDS: Final = {
    "not_a_code": "a name was left out: a code is 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces",
    "unknown_step_type": "a step's type is none that Assay knows; it became `other`",
    "unknown_failure_type": "a failure's type is none that Assay knows; it became `other`",
    "unknown_decision": "a decision was left out: its reason code is none of its decision type",
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


class Drops:
    """How much of each kind was dropped."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.RLock()
        forks.watch(self)

    def count(self, kind: str, number: int = 1) -> None:
        """Count `number` things of one of `KINDS`, and warn of the first. Raises nothing."""
        with self._lock:
            first = kind not in self._counts
            self._counts[kind] += number
        if first:
            warn(f"While tracing an agent, {KINDS[kind]}. Further ones are counted only, in AgentTracer.dropped.")

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
