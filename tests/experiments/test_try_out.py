"""Playing visitors through experiments: until a verdict, and then what is in production."""

from collections.abc import Sequence

import pytest

from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import play
from experiments.replay.tell_experiments import conclude_trials, tell_trials
from experiments.replay.try_out import End, Seen, Shown, Trial, try_out
from tests.experiments.test_replay_play import Always

TESTS = [HeadlineTest("a", (0.1, 0.3, 0.2)), HeadlineTest("b", (0.02, 0.02))]


class Alternating:
    """A laboratory that shows the arms in turn, and ends test `a` after so many visitors by shipping position 1."""

    def __init__(self, after: int, end: End = "ship") -> None:
        self.after = after
        self.end = end
        self.ended: set[str] = set()
        self.finished: list[str] = []
        self.seen: list[tuple[str, Seen]] = []

    def choose(self, test: HeadlineTest, units: Sequence[str], first: int) -> list[Shown]:
        if test.id in self.ended:
            return [Shown(1 if self.end == "ship" else 0)] * len(units)
        return [
            Shown(place % len(test.rates), f"{test.id} {place}" if place % 10 else None)
            for place in range(first, first + len(units))
        ]

    def observe(self, test: HeadlineTest, seen: Sequence[Seen]) -> None:
        self.seen += [(test.id, each) for each in seen]

    def look(self, test: HeadlineTest, arrived: int) -> End | None:
        if test.id == "a" and arrived >= self.after:
            self.ended.add(test.id)
            return self.end
        return None

    def finish(self, test: HeadlineTest) -> None:
        self.finished.append(test.id)


def trials(lab: Alternating, seed: int = 1, visitors: int = 9_000) -> list[Trial]:
    return try_out(TESTS, lab, seed=seed, visitors=visitors, batch=300)


def test_it_takes_visitors_until_the_verdict_and_serves_its_winner_from_then_on() -> None:
    first, second = trials(Alternating(after=1_000))
    assert (first.end, first.taken, first.serves, first.is_best) == ("ship", 1_200, 1, True)
    assert first.lost > 0
    assert first.lost_afterwards == 0
    assert (second.end, second.taken) == (None, 9_000)


def test_it_goes_on_losing_where_the_best_is_not_served() -> None:
    (first, _) = trials(Alternating(after=1_000, end="roll_back"))
    assert (first.serves, first.is_best) == (0, False)
    # Two in ten of those who come afterwards would have clicked on the best alone.
    assert first.lost_afterwards == pytest.approx(0.2 * 7_800, rel=0.1)
    assert first.outcome.best - first.outcome.clicks == first.lost + first.lost_afterwards


def test_it_ends_what_came_to_no_verdict() -> None:
    lab = Alternating(after=1_000)
    trials(lab)
    assert lab.finished == ["b"]


def test_it_reports_each_visitor_that_took_part_once_and_nobody_after_the_end() -> None:
    lab = Alternating(after=1_000)
    trials(lab, visitors=3_000)
    places = {test_id: [seen.place for name, seen in lab.seen if name == test_id] for test_id in "ab"}
    assert places["a"] == [place for place in range(1_200) if place % 10]
    assert places["b"] == [place for place in range(3_000) if place % 10]
    assert all(seen.resolution_id == f"{test_id} {seen.place}" for test_id, seen in lab.seen)


def test_it_faces_the_same_visitors_as_the_policies() -> None:
    under_policy = play(TESTS, Always(1), seed=4, visitors=3_000, batch=100)
    tried = trials(Alternating(after=1_000), seed=4, visitors=3_000)
    assert [(trial.outcome.best, trial.outcome.uniform) for trial in tried] == [
        (outcome.best, outcome.uniform) for outcome in under_policy
    ]


def test_it_tells_each_test_and_all_in_aligned_lines() -> None:
    found = trials(Alternating(after=1_000))
    lines = tell_trials(found)
    assert lines[2].split()[:4] == ["a", "3", "ship", "1,200"]
    assert lines[2].endswith("the best")
    assert lines[3].split()[:5] == ["b", "2", "none", "yet", "9,000"]
    assert len({len(line) for line in lines[1:]}) == 1
    told = conclude_trials(found)
    assert "Of 2 experiments 1 came to a verdict: 1 shipped a headline" in told
    assert "1 of 1 shipped the best of all" in told
