"""Agents become boxes and curves, and intervals become strips. Pure."""

import itertools

import pytest

from agents.admin.graph_layout import HEIGHT, WIDTH, Edge, Layout, lay_out_graph
from agents.admin.strips import around_zero, between, reach_of
from agents.admin.tallies import columns
from agents.admin.windows import asked_window, named_window, narrowest
from tests.admin.test_laying_out_steps import START


def call(source: str, target: str, weight: int = 1, kind: str = "call") -> Edge:
    return Edge(source, target, weight, kind)


def places(layout: Layout) -> dict[str, tuple[float, float]]:
    return {node.name: (node.x, node.y) for node in layout.nodes}


def test_it_puts_who_calls_to_the_left_of_whom_they_call() -> None:
    found = places(lay_out_graph(["A", "B", "C"], [call("B", "A"), call("A", "C")]))
    assert found["B"][0] < found["A"][0] < found["C"][0]


def test_it_cuts_a_circle_where_least_goes() -> None:
    found = places(lay_out_graph(["A", "B"], [call("A", "B", 3), call("B", "A", 50)]))
    assert found["B"][0] < found["A"][0]


def test_it_lets_no_box_lie_on_another_and_none_outside() -> None:
    names = [f"agent-{number}" for number in range(12)]
    edges = [call(names[number], names[number * 7 % 12], number) for number in range(12)]
    layout = lay_out_graph([*names, "alone", "alone-too"], edges)
    boxes = places(layout)
    for (_, (x1, y1)), (_, (x2, y2)) in itertools.combinations(boxes.items(), 2):
        assert abs(x1 - x2) >= WIDTH or abs(y1 - y2) >= HEIGHT
    for x, y in boxes.values():
        assert 0 <= x <= layout.width - WIDTH
        assert layout.top <= y <= layout.top + layout.height - HEIGHT
    for edge in layout.edges:
        assert layout.top <= edge.label_y <= layout.top + layout.height


def test_it_draws_each_edge_once_thicker_where_more_goes() -> None:
    edges = [call("A", "B", 100), call("A", "B", 1, "handoff"), call("B", "B", 10), call("A", "gone", 5)]
    layout = lay_out_graph(["A", "B"], edges)
    drawn = {(it.edge.source, it.edge.target, it.edge.kind): it for it in layout.edges}
    assert len(layout.edges) == len(drawn) == 3
    assert drawn["A", "B", "call"].thickness > drawn["B", "B", "call"].thickness > drawn["A", "B", "handoff"].thickness
    assert len({it.path for it in layout.edges}) == 3


def test_it_leads_back_on_the_side_where_nothing_is_in_its_way() -> None:
    """B stands above C, and what leads back to each must not seem to come from the other."""
    forward = [call("A", "B", 9), call("A", "C", 9), call("B", "D", 9), call("C", "D", 9)]
    layout = lay_out_graph(["A", "B", "C", "D"], [*forward, call("D", "B"), call("D", "C")])
    boxes = places(layout)
    labels = {it.edge.target: it.label_y for it in layout.edges if it.edge.source == "D"}
    assert labels["B"] < boxes["B"][1] < boxes["C"][1] + HEIGHT < labels["C"]


def test_it_puts_what_does_not_hang_together_below_each_other() -> None:
    layout = lay_out_graph(
        ["A", "B", "C", "X", "Y", "Z"], [call("X", "Y"), call("A", "B"), call("B", "C"), call("C", "A")]
    )
    boxes = places(layout)
    lowest = max(boxes[name][1] for name in "ABC") + HEIGHT
    back = next(it.label_y for it in layout.edges if boxes[it.edge.source][0] > boxes[it.edge.target][0])
    assert lowest < back < boxes["X"][1] < boxes["Z"][1]
    assert boxes["X"][0] < boxes["Y"][0]


def test_it_draws_nothing_of_nothing() -> None:
    layout = lay_out_graph([], [])
    assert (layout.nodes, layout.edges) == ([], [])


def test_it_reads_a_strip_against_its_line() -> None:
    strip = around_zero((-0.1, 0.3), 0.1, 0.5)
    assert strip is not None
    assert (strip.left, strip.width, strip.middle, strip.line, strip.is_clear) == (40, 40, 60, 50, False)
    clear = between((0.2, 0.4), 0.3, 0.0, 1.0, line=0.1)
    assert (clear.left, clear.line, clear.is_clear) == (20, 10, True)
    assert around_zero(None, 0.1, 1.0) is None


def test_it_keeps_strips_within_their_room() -> None:
    strip = between((-5.0, 9.0), 12.0, -1.0, 1.0, line=0.0)
    assert (strip.left, strip.width, strip.middle) == (0, 100, 100)
    assert reach_of([None, (-0.4, 0.2), (0.0, 0.1)]) == pytest.approx(0.42)
    assert reach_of([]) > 0


def test_it_draws_a_column_for_each_day_and_what_failed_within() -> None:
    window = named_window("7d", START)
    assert window is not None
    starts = window.columns(START)
    assert len(starts) == 7
    drawn = columns({starts[2]: (100, 50), starts[6]: (1000, 1)}, starts)
    assert [column.height for column in drawn] == [0, 0, 100, 0, 0, 0, 1000]
    assert (drawn[2].failed_height, drawn[2].failed_y) == (50, 950)
    # One of a thousand can still be seen.
    assert drawn[6].failed_height == 25
    assert columns({}, starts) == []


def test_it_knows_whole_days() -> None:
    today = named_window("today", START)
    assert today is not None
    assert (today.start, today.until, today.grain) == (START.replace(hour=0), None, "h")
    day = named_window("2026-11-02", START)
    assert day is not None
    assert day.start is not None
    assert day.until is not None
    assert (day.until - day.start).days == 1
    for wrong in ("", "2026-13-01", "yesterday", "2027-01-01", "1999-01-01"):
        assert named_window(wrong, START) is None
    assert asked_window({"window": "nonsense"}, START).name == "30d"


def test_it_begins_with_the_narrowest_window_that_has_anything() -> None:
    ago = {name: narrowest(START.replace(month=month, day=day), START).name for name, month, day in AGO}
    assert ago == {"today": "today", "this week": "7d", "this month": "30d", "long ago": "all"}
    assert narrowest(None, START).name == "today"


AGO = [("today", 11, 20), ("this week", 11, 15), ("this month", 10, 25), ("long ago", 2, 1)]
