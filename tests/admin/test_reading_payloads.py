"""Payloads and results made readable, and what time it is that a person means."""

from datetime import UTC, datetime

from agents.admin.memory import in_short, moment
from agents.admin.readable import readable


def test_it_puts_first_what_is_required_and_then_goes_by_name() -> None:
    schema = {"required": ["title", "severity"], "properties": {"a": {"description": "An a."}}}
    parts = readable({"b": 1, "severity": "high", "a": 2, "title": "Leak"}, schema)
    assert [part.name for part in parts] == ["title", "severity", "a", "b"]
    assert parts[2].note == "An a."


def test_it_tells_short_from_long_from_lists_from_tables() -> None:
    value = {"a": "x" * 121, "b": "x\ny", "c": ["one", 2, None, True], "d": [{"e": 1}], "f": {"g": None}, "h": []}
    kinds = {part.name: part.kind for part in readable(value)}
    assert kinds == {"a": "long", "b": "long", "c": "lines", "d": "table", "f": "table", "h": "empty"}
    by_name = {part.name: part for part in readable(value)}
    assert by_name["c"].items == ("one", "2", "–", "yes")
    assert by_name["d"].parts[0].parts[0].text == "1"
    assert by_name["f"].parts[0].kind == "empty"


def test_it_says_values_as_people_do() -> None:
    said = {part.name: part.text for part in readable({"a": True, "b": False, "c": 12345, "d": 0.25, "e": "0"})}
    assert said == {"a": "yes", "b": "no", "c": "12,345", "d": "0.25", "e": "0"}
    assert readable("Come in.")[0].text == "Come in."
    assert readable(None)[0].kind == "empty"


def test_it_stays_small_however_much_there_is() -> None:
    deep: object = "end"
    for _ in range(500):
        deep = {"in": deep}
    parts = readable(deep)
    depth = 0
    while parts and parts[0].kind == "table":
        parts, depth = list(parts[0].parts), depth + 1
    assert (depth, parts[0].kind) == (4, "long")
    many = readable({"list": list(range(1000)), "object": {str(number): 1 for number in range(1000)}})
    assert (len(many[0].items), many[0].more) == (100, 900)
    assert (len(many[1].parts), many[1].more) == (100, 900)


def test_it_says_a_memory_in_a_line_what_differs_first() -> None:
    value = {"task_id": "TASK-1", "status": "COMPLETED", "to_agent": "RAFA", "result": {"text": "Warm rolls."}}
    assert in_short(value) == "text Warm rolls. · status COMPLETED"
    assert in_short("plain") == "plain"
    assert in_short(["a", "b"]) == "a · b"
    assert len(in_short({"text": "x" * 999})) == 140


def test_it_reads_a_time_as_browsers_send_it() -> None:
    assert moment("2026-11-20T12:30") == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert moment("2026-11-20T12:30+02:00") == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert [moment(it) for it in ("", "soon", "0001-01-01T00:00", "9999-12-31T23:59")] == [None] * 4
