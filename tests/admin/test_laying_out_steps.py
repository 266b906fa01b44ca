"""Steps become rows and bars: each parent before its children, each bar where it was. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.admin.circles import find_circle
from agents.admin.waterfall import DEEPEST, NARROWEST, Row, Waterfall, close_up, lay_out
from agents.models import Step

START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def step(seq: int, at: float | None = None, took: float | None = None, **given: Any) -> Step:
    """A step that began so many milliseconds after the start."""
    begun = None if at is None else START + timedelta(milliseconds=at)
    usual = {"step_id": str(seq), "step_type": "tool", "status": "success"}
    return Step(**(usual | {"seq": seq, "started_at": begun, "latency_ms": took} | given))


def laid(*steps: Step, length_ms: float | None = 1000.0) -> Waterfall:
    return lay_out(steps, began_at=START, length_ms=length_ms)


def order(waterfall: Waterfall) -> list[tuple[str, int]]:
    return [(row.step.step_id, row.depth) for row in waterfall.rows]


def test_it_puts_each_bar_where_it_was() -> None:
    found = laid(step(0, 0, 250), step(1, 250, 500), step(2, 750, 250))
    assert [(row.left, row.width) for row in found.rows] == [(0, 250), (250, 500), (750, 250)]
    assert found.is_timed
    assert found.length_ms == 1000


def test_it_reads_children_right_after_their_parent() -> None:
    found = laid(
        step(0), step(1, parent_step_id="3"), step(2, parent_step_id="1"), step(3), step(4, parent_step_id="0")
    )
    assert order(found) == [("0", 0), ("4", 1), ("3", 0), ("1", 1), ("2", 2)]
    assert [row.number for row in found.rows] == [1, 2, 3, 4, 5]
    assert [row.children for row in found.rows] == [1, 0, 1, 1, 0]


def test_it_loses_no_step_to_a_missing_parent_or_a_circle_of_parents() -> None:
    orphan = step(0, parent_step_id="gone")
    circle = [step(1, parent_step_id="2"), step(2, parent_step_id="1"), step(3, parent_step_id="3")]
    found = laid(orphan, *circle)
    assert sorted(row.step.step_id for row in found.rows) == ["0", "1", "2", "3"]


def test_it_is_as_deep_as_a_run_and_indents_no_further_than_can_be_seen() -> None:
    found = laid(*(step(seq, parent_step_id=str(seq - 1) if seq else None) for seq in range(3000)))
    assert [row.number for row in found.rows] == list(range(1, 3001))
    assert max(row.depth for row in found.rows) == DEEPEST


def test_it_says_how_long_each_took_where_none_says_when() -> None:
    found = laid(step(0, None, 100), step(1, None, 400), step(2))
    assert not found.is_timed
    assert [row.bar for row in found.rows] == [(0, 250), (0, 1000), None]


def test_it_gives_no_place_to_a_step_that_says_nothing_among_those_that_do() -> None:
    found = laid(step(0, 0, 500), step(1, None, 300))
    assert [row.bar for row in found.rows] == [(0, 500), None]
    assert found.rows[1].latency_ms == 300


def test_it_draws_nothing_without_any_time() -> None:
    found = laid(step(0), step(1), length_ms=None)
    assert [row.bar for row in found.rows] == [None, None]
    assert found.ticks == []
    assert laid(length_ms=None).rows == []


def test_it_shows_what_is_too_short_and_what_is_off_the_clock() -> None:
    found = laid(step(0, 0, 0), step(1, 999.9, 0.05), step(2, -500, 100))
    assert all(begin >= 0 and wide >= NARROWEST and begin + wide <= 1000 for begin, wide in bars(found.rows))
    # A step before its run moves the beginning.
    assert found.length_ms == 1500


def bars(rows: list[Row]) -> list[tuple[float, float]]:
    return [row.bar for row in rows if row.bar]


def test_it_spans_the_steps_that_outlast_their_run() -> None:
    assert laid(step(0, 0, 4000)).length_ms == 4000


@pytest.mark.parametrize("length", [0.004, 3, 840, 9_500, 61_000, 5_000_000, 90_000_000, 9e9])
def test_it_names_a_few_round_times(length: float) -> None:
    ticks = laid(step(0, 0, length), length_ms=length).ticks
    assert 2 <= len(ticks) <= 6
    assert all(0 < tick.x <= 100 for tick in ticks)
    assert [tick.x for tick in ticks] == pytest.approx([100 * tick.milliseconds / length for tick in ticks], abs=0.01)


def test_it_comes_closer_to_a_part() -> None:
    whole = laid(*(step(seq, seq * 10, 10) for seq in range(1000)), length_ms=10_000)
    part = close_up(whole, whole.rows[500:510])
    assert [row.bar for row in part.rows] == [(place * 100, 100) for place in range(10)]
    assert [tick.milliseconds for tick in part.ticks] == [5020, 5040, 5060, 5080, 5100]


def test_it_comes_as_close_where_the_parent_spans_all() -> None:
    inner = [step(seq, seq * 10, 10, parent_step_id="0") for seq in range(1, 100)]
    whole = laid(step(0, 0, 1000), *inner)
    part = close_up(whole, [whole.rows[0], *whole.rows[50:52]])
    assert part.rows[0].bar == (0, 1000)
    assert [row.bar for row in part.rows[1:]] == [(0, 500), (500, 500)]


def test_it_finds_where_a_run_went_in_circles() -> None:
    names = ["plan", *["search", "read"] * 3, "write"]
    steps = [step(seq, name=name) for seq, name in enumerate(names)]
    circle = find_circle(steps, 2, 3)
    assert circle is not None
    assert (circle.names, circle.repeats, circle.first) == (("search", "read"), 3, "1")
    assert circle.ids == {"1", "2", "3", "4", "5", "6"}


def test_it_finds_no_circle_where_none_is_told_or_none_is_there() -> None:
    steps = [step(seq, name=str(seq)) for seq in range(9)]
    assert find_circle(steps, None, None) is None
    assert find_circle(steps, 2, 3) is None
