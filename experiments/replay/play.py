"""Play visitors: choose, click, report, and again. Pure but for the door it plays through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from experiments.replay.crowd import Crowd
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


def _play(crowd: Crowd, number: int, door: Door) -> list[Earned]:
    chosen = door.choose(crowd.test, crowd.arrive(number))
    shown, clicks = [0] * len(crowd.test.rates), [0] * len(crowd.test.rates)
    for position, clicked in zip(chosen, crowd.meet(chosen), strict=True):
        shown[position] += 1
        clicks[position] += clicked
    return [
        Earned(crowd.test, position, shown[position], clicks[position])
        for position in range(len(shown))
        if shown[position]
    ]


def outcome_of(crowd: Crowd) -> Outcome:
    """What its visitors did so far."""
    return Outcome(crowd.test.id, len(crowd.test.rates), crowd.arrived, crowd.clicks, crowd.uniform, crowd.best)


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
    crowds = [Crowd(test, seed) for test in tests]
    for start in range(0, visitors, batch):
        number = min(batch, visitors - start)
        door.report([earned for crowd in crowds for earned in _play(crowd, number, door)])
        progress()
    return [outcome_of(crowd) for crowd in crowds]


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
