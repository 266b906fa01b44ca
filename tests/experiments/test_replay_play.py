"""Playing visitors: who they are depends on the seed alone, and what is counted is what they did."""

from collections.abc import Sequence

import pytest

from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import Earned, Outcome, add_up, play
from experiments.replay.tell import conclude, tell

TESTS = [HeadlineTest("a", (0.1, 0.3, 0.2)), HeadlineTest("b", (0.02, 0.02))]


class Always:
    """A door that shows every visitor the same position, or the last where a test has fewer."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.asked: list[tuple[str, list[str]]] = []
        self.reports: list[list[Earned]] = []

    def choose(self, test: HeadlineTest, units: Sequence[str]) -> list[int]:
        self.asked.append((test.id, list(units)))
        return [min(self.position, len(test.rates) - 1)] * len(units)

    def report(self, earned: Sequence[Earned]) -> None:
        self.reports.append(list(earned))


def outcomes(position: int, seed: int = 1, visitors: int = 20_000) -> list[Outcome]:
    return play(TESTS, Always(position), seed=seed, visitors=visitors, batch=100)


def test_it_plays_all_tests_side_by_side_a_batch_of_each_in_turn() -> None:
    door = Always(0)
    play(TESTS, door, seed=1, visitors=250, batch=100)
    assert [(test_id, len(units)) for test_id, units in door.asked] == [
        ("a", 100), ("b", 100), ("a", 100), ("b", 100), ("a", 50), ("b", 50),
    ]  # fmt: skip
    assert [[(earned.test.id, earned.visitors) for earned in report] for report in door.reports] == [
        [("a", 100), ("b", 100)], [("a", 100), ("b", 100)], [("a", 50), ("b", 50)],
    ]  # fmt: skip


def test_it_makes_every_visitor_a_unit_of_its_own_from_the_seed() -> None:
    first, again, other = Always(0), Always(1), Always(0)
    for door, seed in ((first, 1), (again, 1), (other, 2)):
        play(TESTS, door, seed=seed, visitors=300, batch=100)
    units = [unit for _, batch in first.asked for unit in batch]
    assert len(set(units)) == 600
    assert first.asked == again.asked
    assert not {unit for _, batch in other.asked for unit in batch} & set(units)


def test_it_clicks_at_the_real_rate_of_what_is_shown() -> None:
    for position, rate in enumerate(TESTS[0].rates):
        found = outcomes(position)[0]
        assert found.clicks / found.visitors == pytest.approx(rate, abs=0.01)


def test_it_faces_both_policies_with_the_same_visitors() -> None:
    worst, best = outcomes(0)[0], outcomes(1)[0]
    assert (worst.uniform, worst.best) == (best.uniform, best.best)
    assert best.clicks == best.best
    assert best.gap_closed == 1.0
    assert worst.clicks < worst.uniform < worst.best
    assert worst.gap_closed is not None
    assert worst.gap_closed < 0


def test_it_knows_what_uniform_choice_earns() -> None:
    each = [outcomes(position)[0].clicks for position in range(3)]
    assert outcomes(0)[0].uniform == pytest.approx(sum(each) / 3)


def test_it_closes_no_gap_where_there_is_none() -> None:
    assert outcomes(0)[1].gap_closed is None


def test_it_reports_what_was_shown_and_clicked() -> None:
    door = Always(2)
    (first, _) = play(TESTS, door, seed=3, visitors=1000, batch=100)
    reported = [earned for report in door.reports for earned in report if earned.test.id == "a"]
    assert sum(earned.clicks for earned in reported) == first.clicks
    assert {earned.position for earned in reported} == {2}


def test_it_adds_tests_up_by_their_clicks() -> None:
    both = add_up([Outcome("a", 3, 100, 12, 8.0, 20), Outcome("b", 2, 100, 4, 4.0, 4)])
    assert both == Outcome("all", 5, 200, 16, 12.0, 24)
    assert both.gap_closed == pytest.approx(1 / 3)


def test_it_tells_each_test_and_all_in_aligned_lines() -> None:
    under = {
        "score": [Outcome("a", 3, 1000, 12, 8.0, 20), Outcome("test-b", 2, 1000, 4, 4.0, 4)],
        "thompson": [Outcome("a", 3, 1000, 17, 8.0, 20), Outcome("test-b", 2, 1000, 4, 4.0, 4)],
    }
    lines = tell(under)
    assert lines[2].split() == ["a", "3", "1,000", "8.00", "12.00", "17.00", "20.00", "33", "%", "75", "%"]
    assert lines[3].split()[-2:] == ["–", "–"]
    assert lines[-1].split()[0] == "all"
    assert len({len(line) for line in lines[1:]}) == 1
    assert "33.3 % of that gap closed" in conclude(under)
    assert "75.0 % of that gap closed" in conclude(under)
