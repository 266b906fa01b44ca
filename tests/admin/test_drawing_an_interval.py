"""Numbers become places on a chart: pure, and never outside what a browser can draw."""

from datetime import UTC, datetime, timedelta

import pytest

from experiments.admin.chart import CANVAS, Chart, Point, draw_growth, draw_interval
from experiments.admin.rows import Rows, percent, ten_thousandths

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=10)


def drawn(points: list[Point], **more: object) -> Chart | None:
    levels = [(0.0, "zero", "no difference"), (0.1, "goal", "worth having")]
    moment = START + timedelta(days=5)
    return draw_interval(points, since=START, until=END, levels=levels, say=lambda it: f"{it:g}", moment=moment)


def test_it_narrows_from_left_to_right_around_its_lines() -> None:
    widths = [1.0, 0.5, 0.3, 0.2]
    chart = drawn([Point(START + timedelta(days=3 * day), -w, w, 0.0) for day, w in enumerate(widths)])
    assert chart is not None
    zero = next(line for line in chart.lines if line.kind == "zero")
    goal = next(line for line in chart.lines if line.kind == "goal")
    assert 0 < goal.y < zero.y < 100
    assert (goal.is_above, zero.is_above) == (True, False)
    assert chart.last_y == pytest.approx(zero.y)
    assert (chart.last_x, chart.moment_x) == (90, 50)
    assert len(chart.band.split()) == 2 * len(widths)
    assert {line.label for line in chart.lines if line.kind == "grid"} == {"0.5", "-0.5"}


def test_it_draws_nothing_before_two_readings() -> None:
    early = [Point(START, None, None), Point(END, -1.0, 1.0, 0.0)]
    assert drawn(early) is None
    assert draw_growth([Point(START, None, None, 3.0)], since=START, until=END, needed=10, name="planned") is None


def test_it_keeps_to_its_canvas_whatever_came_first() -> None:
    chart = drawn([Point(START, -1e300, 1e300, 0.0), *[Point(END, -0.1, 0.2, 0.05) for _ in range(5)]])
    assert chart is not None
    places = [abs(float(it)) for pair in chart.band.split() for it in pair.split(",")]
    assert max(places) <= 6 * CANVAS


def test_it_grows_to_what_is_needed() -> None:
    points = [Point(START, None, None, 0.0), Point(END, None, None, 50.0)]
    chart = draw_growth(points, since=START, until=END, needed=100, name="planned")
    assert chart is not None
    assert chart.lines[0].y < (chart.last_y or 0) < 100


def test_it_reads_percentages_as_people_type_them() -> None:
    assert [ten_thousandths(it) for it in ("50", "33,33", " 0.01 %")] == [5000, 3333, 1]
    assert [percent(it) for it in (5000, 3333, 1)] == ["50", "33.33", "0.01"]
    for wrong in ("", "x", "NaN", "Infinity", "1e30", "0.001"):
        with pytest.raises(ValueError):
            ten_thousandths(wrong)


def test_it_leaves_out_empty_rows_and_says_errors_at_the_right_one() -> None:
    rows = Rows("arm", ("version", "share"), typed={"arm-0-version": " ", "arm-2-version": "1.1.0"}, most=5)
    assert [row.values["version"] for row in rows.filled] == ["1.1.0"]
    rows.tell(0, "wrong")
    rows.tell(7, "all of them")
    assert rows.filled[0].errors == ["wrong"]
    assert rows.errors == ["all of them"]
