"""Keep what is known of one run so far."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from assay.core.codes import FAILURE_TYPES
from assay.tracing import admit
from assay.tracing.drops import Drops
from assay.tracing.items import FailureItem, RunItem

T = TypeVar("T")

MOST_OF_A_KIND = 10_000
"""Steps that the server takes of one run; no run has more decisions, signals or failures either."""


class Record:
    """One run's item and its clock. Nothing in it needs a lock: lists grow at their end, numbers are drawn one by one.

    Times are counted from the run's begin by a clock that is never set back: nothing ends before it began.
    """

    __slots__ = ("_began", "_wall", "costs", "drops", "ended", "item", "process", "queued_as", "seqs", "step_ids")

    def __init__(self, item: RunItem, drops: Drops, wall: float) -> None:
        self.item = item
        self.drops = drops
        self.ended = False
        self.process = os.getpid()
        self.queued_as: str | None = None
        self.seqs = count(1)
        self.step_ids: set[str] = set()
        self.costs: dict[str, Decimal] = {}
        self._wall = wall
        self._began = time.perf_counter()

    def elapsed(self) -> float:
        """Return the seconds since the run began."""
        return time.perf_counter() - self._began

    def now(self) -> datetime:
        """Return the time, by the run's own clock."""
        return datetime.fromtimestamp(self._wall + (time.perf_counter() - self._began), UTC)

    def goes_on(self) -> bool:
        """Return whether the run may still be told more of; where not, count what was to be told."""
        if self.ended:
            self.drops.count("ended")
        return not self.ended

    def next_seq(self) -> int:
        """Return the number of one more step, 0 where the run takes no more of them."""
        if not self.takes(self.item.steps):
            return 0
        seq = next(self.seqs)
        if seq > MOST_OF_A_KIND:  # another thread had the last one meanwhile
            self.drops.count("too_many")
            return 0
        return seq

    def put(self, things: list[T], thing: T) -> None:
        """Put one more to these things of the run, which took it a moment ago; another thread may have been first."""
        things.append(thing)
        if len(things) > MOST_OF_A_KIND:
            del things[MOST_OF_A_KIND:]
            self.drops.count("too_many")

    def takes(self, things: Sequence[object]) -> bool:
        """Return whether one more may be put to these things of the run; where not, count it."""
        if len(things) < MOST_OF_A_KIND and not self.ended:
            return True
        self.drops.count("ended" if self.ended else "too_many")
        return False

    def fail(self, failure_type: Any, code: Any, step_id: str | None, metadata: Any = None) -> None:
        """Put down a failure. One of an unknown type, or without a good code, is still one."""
        if not self.takes(self.item.failures):
            return
        known = admit.one_of(failure_type, FAILURE_TYPES)
        if known is None:
            self.drops.count("unknown_failure_type", field="failure_type")
        failure = FailureItem(
            failure_type=known or "other",
            code=admit.code(code, self.drops, "code") or admit.UNNAMED,
            step_id=step_id,
            metadata=admit.metadata(metadata, self.drops),
        )
        self.put(self.item.failures, failure)
