"""Play visitors through experiments, a test each, until a verdict ends them. Pure but for the laboratory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from experiments.replay.crowd import Crowd
from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import Outcome, outcome_of

End = Literal["ship", "roll_back", "conclude"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one visitor is shown: the position of its headline, and by which resolution where it takes part."""

    position: int
    resolution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visitor that takes part did. `place` is its turn among the visitors of its test, from 0."""

    place: int
    resolution_id: str
    clicked: bool


class Laboratory(Protocol):
    """The way to an Assay in which each test is a running experiment, position 0 its control."""

    def choose(self, test: HeadlineTest, units: Sequence[str], first: int) -> list[Shown]:
        """What each unit is shown; `first` is the place of the first of them."""

    def observe(self, test: HeadlineTest, seen: Sequence[Seen]) -> None:
        """Send what was seen, and come back when all of it is stored."""

    def look(self, test: HeadlineTest, arrived: int) -> End | None:
        """Have the experiment looked at and acted upon, after so many visitors: how it ended, None while it goes on."""

    def finish(self, test: HeadlineTest) -> None:
        """End an experiment that came to no verdict: production stays what it is."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an experiment came to. `taken`: the visitors until its verdict, all of them where there was none (`end` is
    None then); `lost`: the clicks that it cost until then against the best arm; `serves`: the position that everybody
    was shown from then on, and whether that one `is_best`. `outcome` is of all visitors, those after the end included.
    """

    outcome: Outcome
    end: End | None
    taken: int
    lost: int
    serves: int
    is_best: bool

    @property
    def lost_afterwards(self) -> int:
        """The clicks lost since then, by serving what is not the best arm."""
        return self.outcome.best - self.outcome.clicks - self.lost


class _Run:
    """One experiment on its way."""

    def __init__(self, test: HeadlineTest, seed: int) -> None:
        self.test = test
        self.crowd = Crowd(test, seed)
        self.end: End | None = None
        self.taken = self.lost = self.serves = 0

    def play(self, number: int, lab: Laboratory) -> None:
        first = self.crowd.arrived
        shown = lab.choose(self.test, self.crowd.arrive(number), first)
        clicks = self.crowd.meet([each.position for each in shown])
        self.serves = shown[-1].position
        if self.end is not None:
            return
        seen = [
            Seen(place, each.resolution_id, clicked)
            for place, (each, clicked) in enumerate(zip(shown, clicks, strict=True), first)
            if each.resolution_id is not None
        ]
        lab.observe(self.test, seen)
        self.taken, self.lost = self.crowd.arrived, self.crowd.best - self.crowd.clicks
        self.end = lab.look(self.test, self.crowd.arrived)

    @property
    def trial(self) -> Trial:
        rates = self.test.rates
        return Trial(
            outcome=outcome_of(self.crowd),
            end=self.end,
            taken=self.taken,
            lost=self.lost,
            serves=self.serves,
            is_best=rates[self.serves] == max(rates),
        )


def try_out(
    tests: Sequence[HeadlineTest],
    lab: Laboratory,
    *,
    seed: int,
    visitors: int,
    batch: int,
    progress: Callable[[], object] = lambda: None,
) -> list[Trial]:
    """What so many visitors of each test came to, tests side by side: a batch of each in turn, then a look at it. Who
    comes after the verdict is shown what is in production then. Depends on the tests and the seed, and on no clock."""
    runs = [_Run(test, seed) for test in tests]
    for start in range(0, visitors, batch):
        number = min(batch, visitors - start)
        for run in runs:
            run.play(number, lab)
        progress()
    for run in runs:
        if run.end is None:
            lab.finish(run.test)
            # Nobody comes any more; production is the control still.
            run.serves = 0
    return [run.trial for run in runs]
