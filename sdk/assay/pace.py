"""Decide when to ask the server again: at a steady pace while it answers, ever more rarely while it does not."""

import random
import time

FIRST_RETRY = 0.1


class Pace:
    """When something is due, on the monotonic clock: for the first time after `first`. Times are in seconds."""

    def __init__(self, interval: float, slowest: float, first: float = 0.0) -> None:
        self._interval = interval
        self._slowest = slowest
        self._failures = 0
        self.due_at = time.monotonic() + first

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def succeeded(self) -> None:
        """Be due again after the interval, or up to a fifth earlier, so that many processes do not ask in step."""
        self._failures = 0
        self._wait(self._interval, 0.8)

    def failed(self, at_least: float | None = None) -> None:
        """Be due again soon at first, then after twice as long each time, up to the slowest; not before `at_least`."""
        pause = min(FIRST_RETRY * 2.0 ** min(self._failures, 30), self._slowest)
        self._failures += 1
        if at_least is None:
            self._wait(pause, 0.5)
        else:
            self._wait(max(pause, at_least) * 1.25, 0.8)

    def _wait(self, longest: float, shortest_share: float) -> None:
        share = random.uniform(shortest_share, 1.0)  # noqa: S311 - jitter keeps no secret
        self.due_at = time.monotonic() + longest * share
