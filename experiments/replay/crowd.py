"""The visitors of a test, whoever chooses what they are shown. Pure."""

import random
from bisect import bisect_right
from collections.abc import Sequence

from experiments.replay.headlines import HeadlineTest


class Crowd:
    """Each visitor brings its luck, a number in [0, 1), and clicks on whatever has a higher rate than that.

    So whoever clicks on an arm would click on every better one, and every way to choose faces the same visitors.
    `best`: the clicks, had all of them met the best arm; `uniform`: the mean over the arms.
    """

    def __init__(self, test: HeadlineTest, seed: int) -> None:
        self.test = test
        self.seed = seed
        self.arrived = 0
        self.clicks = self.best = 0
        self._chances = 0
        self._luck = random.Random(f"visitors of {test.id}, {seed}")  # noqa: S311 - repeatable on purpose
        self._sorted = sorted(test.rates)

    @property
    def uniform(self) -> float:
        return self._chances / len(self.test.rates)

    def arrive(self, number: int) -> list[str]:
        """The next visitors, as units."""
        first, self.arrived = self.arrived, self.arrived + number
        return [f"{self.test.id}:{self.seed}:{place}" for place in range(first, self.arrived)]

    def meet(self, shown: Sequence[int]) -> list[bool]:
        """Whether each visitor, in the order in which they arrived, clicks on the position that it is shown."""
        rates, highest, clicked = self.test.rates, self._sorted[-1], []
        for position in shown:
            luck = self._luck.random()
            clicked.append(luck < rates[position])
            if luck < highest:
                self.best += 1
                self._chances += len(rates) - bisect_right(self._sorted, luck)
        self.clicks += sum(clicked)
        return clicked
