"""Play visitors: choose, click, report, and again. Pure but for the door it plays through."""

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from experiments.replay.headlines import HeadlineTest


@dataclass(frozen=True, slots=True)
class Earned:
    """What the visitors shown one arm of a test in one batch did. `position` is the arm's place in the test."""

    test: HeadlineTest
    position: int
    visitors: int
    clicks: int


class Door(Protocol):
    """The way to a vault, where each test is a context with a prompt for each of its arms."""

    def choose(self, test: HeadlineTest, units: Sequence[str]) -> list[int]:
        """The position of the arm that serves each unit."""

    def report(self, earned: Sequence[Earned]) -> None:
        """Report, and come back when all of it is in what the vault chooses by."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test's visitors did: `clicks` under the vault's choice; under uniform choice, in expectation over the
    arms; and had all of them met the arm that does best in hindsight."""

    test_id: str
    arms: int
    visitors: int
    clicks: int
    uniform: float
    best: int

    @property
    def gap_closed(self) -> float | None:
        """How much of the way from uniform choice to the best arm was gone; None where there is no way to go."""
        return (self.clicks - self.uniform) / (self.best - self.uniform) if self.best > self.uniform else None


class _Crowd:
    """A test's visitors. Each brings its luck, a number in [0, 1), and clicks on whatever has a higher rate than that.

    So whoever clicks on an arm would click on every better one, and both policies face the same visitors.
    """

    def __init__(self, test: HeadlineTest, seed: int) -> None:
        self.test = test
        self.seed = seed
        self.arrived = 0
        self.clicks = self.best = 0
        self.chances = 0
        self._luck = random.Random(f"visitors of {test.id}, {seed}")  # noqa: S311 - repeatable on purpose
        self._sorted = sorted(test.rates)

    def play(self, number: int, door: Door) -> list[Earned]:
        first, self.arrived = self.arrived, self.arrived + number
        chosen = door.choose(self.test, [f"{self.test.id}:{self.seed}:{place}" for place in range(first, self.arrived)])
        rates, highest = self.test.rates, self._sorted[-1]
        shown, clicks = [0] * len(rates), [0] * len(rates)
        for position in chosen:
            shown[position] += 1
            luck = self._luck.random()
            if luck < highest:
                self.best += 1
                self.chances += len(rates) - bisect_right(self._sorted, luck)
                clicks[position] += luck < rates[position]
        self.clicks += sum(clicks)
        return [
            Earned(self.test, position, shown[position], clicks[position])
            for position in range(len(rates))
            if shown[position]
        ]

    @property
    def outcome(self) -> Outcome:
        arms = len(self.test.rates)
        return Outcome(self.test.id, arms, self.arrived, self.clicks, self.chances / arms, self.best)


def play(
    tests: Sequence[HeadlineTest],
    door: Door,
    *,
    seed: int,
    visitors: int,
    batch: int,
    progress: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    """What so many visitors of each test did, tests side by side: a batch of each in turn, then all of it is reported,
    and the next batch comes when the vault chooses by it. Depends on the tests and the seed, and on no clock."""
    crowds = [_Crowd(test, seed) for test in tests]
    for start in range(0, visitors, batch):
        number = min(batch, visitors - start)
        door.report([earned for crowd in crowds for earned in crowd.play(number, door)])
        progress()
    return [crowd.outcome for crowd in crowds]


def add_up(outcomes: Sequence[Outcome]) -> Outcome:
    """All tests as one."""
    return Outcome(
        test_id="all",
        arms=sum(outcome.arms for outcome in outcomes),
        visitors=sum(outcome.visitors for outcome in outcomes),
        clicks=sum(outcome.clicks for outcome in outcomes),
        uniform=sum(outcome.uniform for outcome in outcomes),
        best=sum(outcome.best for outcome in outcomes),
    )
