"""JSON that is odd somewhere costs what it is odd in: the rest of a batch is stored."""

import json
from random import Random
from typing import Any

import pytest

from agents.telemetry.split_items import split_items
from tests.agents.reporting import a_decision, a_report, a_step, counted, post, post_batch, send, stored
from tests.conftest import Person

ONE, MANY = "/api/v1/runs", "/api/v1/runs/batch"
LINES = "application/x-ndjson"
NAN = float("nan")
DEEP = b"[" * 2000 + b"]" * 2000
THIS = b'"THIS"'


def with_this(odd: bytes, **fields: Any) -> bytes:
    """A report in which what was "THIS" is something else."""
    return json.dumps(a_report("odd", **fields)).encode().replace(THIS, odd)


# What is odd, what is said of it, and whether it can still be told whose it is.
ODD: dict[str, tuple[bytes, str, str, bool]] = {
    "half a pair": (with_this(b'"\\ud800"', agent_id="THIS"), "not_a_code", "/agent_id", True),
    "the other half": (with_this(b'"a\\\\\\"\\uDC00"', session_id="THIS"), "not_a_code", "/session_id", True),
    "half in a key": (with_this(b'"\\udfff"', metadata={"THIS": 1}), "not_a_code", "/metadata/?", True),
    "half in a list": (with_this(b'"\\ud800"', status="THIS"), "unknown_code", "/status", True),
    "depth": (with_this(DEEP, metadata={"a": "THIS"}), "too_deep", "", False),
    "some depth": (with_this(b"[" * 50 + b"]" * 50, metadata={"a": "THIS"}), "not_primitive", "/metadata/a", True),
    "no number": (with_this(b"NaN", metadata={"a": "THIS"}), "out_of_range", "/metadata/a", True),
    "no end": (with_this(b"-Infinity", latency_ms="THIS"), "out_of_range", "/latency_ms", True),
    "too large": (with_this(b"1e999", metadata={"a": "THIS"}), "out_of_range", "/metadata/a", True),
    "too long": (with_this(b"9" * 5000, metadata={"a": "THIS"}), "out_of_range", "/metadata/a", True),
    "no cost": (with_this(b"NaN", cost_usd="THIS"), "out_of_range", "/cost_usd", True),
    "no value": (with_this(b"", agent_id="THIS"), "invalid_json", "", False),
    "no comma": (with_this(b'"a" "b"', agent_id="THIS"), "invalid_json", "", False),
    "no UTF-8": (with_this(b'"\xff"', agent_id="THIS"), "invalid_json", "", True),
    "brackets in a string": (with_this(b'"]},{[\\"NaN\\ud800"', agent_id="THIS"), "not_a_code", "/agent_id", True),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("content_type", ["application/json", LINES])
def test_an_odd_run_costs_itself_alone(mia: Person, name: str, content_type: str) -> None:
    odd, code, pointer, known = ODD[name]
    runs = [json.dumps(a_report("run-1")).encode(), odd, json.dumps(a_report("run-2")).encode()]
    body = b"\n".join(runs) if content_type == LINES else b' { "items" :\n[ %b ] } ' % b" ,\n".join(runs)
    status, told = send(mia, MANY, body, content_type)
    assert status == 200
    assert [(one["index"], one["run_id"], one["result"]) for one in told["results"]] == [
        (0, "run-1", "stored"),
        (2, "run-2", "stored"),
    ]
    (refused,) = told["rejected"]
    assert (refused["index"], refused["code"], refused["pointer"]) == (1, code, pointer)
    assert refused["run_id"] == ("odd" if known else None)
    assert sorted(stored(mia.project.pk)) == ["run-1", "run-2"]


@pytest.mark.parametrize("name", ODD)
def test_one_odd_run_is_told_the_same(mia: Person, name: str) -> None:
    odd, code, pointer, _ = ODD[name]
    status, told = send(mia, ONE, odd)
    assert status == (400 if code == "invalid_json" else 422)
    assert [(one["code"], one["pointer"]) for one in told.get("errors", [])] in ([(code, pointer)], [])
    assert told["code"] == code
    assert counted("agents_run") == 0


def test_what_is_odd_in_a_decision_costs_the_decision(mia: Person) -> None:
    """As `json.dumps` writes it."""
    chosen = [a_decision(), a_decision(confidence=NAN), a_decision(selected="\ud800"), a_decision(metadata={"a": NAN})]
    (told,) = post_batch(mia, a_report(decisions=chosen, steps=[a_step()]))["results"]
    assert {one["pointer"]: one["code"] for one in told["rejected"]} == {
        "/decisions/1/confidence": "out_of_range",
        "/decisions/2/selected": "not_a_code",
        "/decisions/3/metadata/a": "out_of_range",
    }
    assert "NaN" in told["rejected"][0]["detail"]
    assert len(stored(mia.project.pk)["run-1"].decisions) == 1


GOOD = json.dumps(a_report()).encode()
# Where it breaks: line and column.
BROKEN: list[tuple[bytes, str]] = [
    (b'{"items": [%b' % GOOD, f"line 1, column {12 + len(GOOD)}"),
    (b'{"items": [%b]' % GOOD, f"line 1, column {13 + len(GOOD)}"),
    (b'{"items": [%b}' % GOOD, f"line 1, column {12 + len(GOOD)}"),
    (b'{"items": [%b\n]} x' % GOOD, "line 2, column 4"),
    (b'{"items": [%b\n, {"a": "b' % GOOD, "line 2, column 11"),
    (b'{"items"\n[%b]}' % GOOD, "line 2, column 1"),
    (b"items=1", "line 1, column 1"),
    (b" ", "line 1, column 2"),
    (b"\xff\xfe", "line 1, column 1"),
]


@pytest.mark.parametrize("place", range(len(BROKEN)))
def test_a_broken_batch_is_told_where_it_breaks(mia: Person, place: int) -> None:
    body, where = BROKEN[place]
    status, told = send(mia, MANY, body)
    assert (status, told["code"]) == (400, "invalid_json")
    assert where in told["detail"]
    assert counted("agents_run") == 0


def test_a_broken_run_is_told_where_it_breaks(mia: Person) -> None:
    status, told = send(mia, ONE, b'{"run_id":\n "run-1",}')
    assert (status, told["code"]) == (400, "invalid_json")
    assert "line 2, column 10" in told["detail"]
    (refused,) = send(mia, MANY, b'{"items": [ {"run_id": } ]}')[1]["rejected"]
    assert (refused["code"], refused["pointer"]) == ("invalid_json", "")
    assert "line 1, column 12" in refused["detail"]


TEXTS = ["a", "", '"]}', "\\", '\\"', "\ud800", "é", "]", "{", ","]


def anything(chance: Random, depth: int = 0) -> Any:
    """A value as JSON may hold it, or as Python writes it."""
    kind = chance.randrange(6 if depth < 4 else 4)
    if kind == 4:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return {chance.choice(TEXTS): anything(chance, depth + 1) for _ in range(chance.randrange(4))}
    return [chance.choice(TEXTS), chance.random(), None, NAN][kind]


def test_items_are_told_apart_whatever_is_in_them() -> None:
    chance = Random(7)
    for _ in range(1000):
        items = [anything(chance) for _ in range(chance.randrange(1, 6))]
        told = json.dumps({"items": items}, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1]))
        found = split_items(told.encode(errors="surrogatepass"), most=1000, most_values=10**6)
        assert repr([json.loads(one.decode(errors="surrogatepass")) for one in found]) == repr(items)


HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "deep": (b'{"items":[%b' % (b"[" * 900_000), 400, "invalid_json"),
    "deep and closed": (b'{"items":[%b]}' % (b"[" * 900_000 + b"]" * 900_000), 200, "too_deep"),
    "deeper than values may be many": (b'{"items":[%b' % (b"[" * 16_000_000), 413, "too_many_values"),
    "lists in lists": (b'{"items":[{NaN%b}]}' % (b'["",[]]' * 200_000), 200, "invalid_json"),
    "lists": (b'{"items":[NaN%b' % (b"[]" * 8_000_000), 413, "too_many_values"),
    "strings": (b'{"items":[NaN%b' % (b'""' * 8_000_000), 413, "too_many_values"),
    "escapes": (b'{"items":["\\ud800%b"]}' % (b'\\"' * 8_000_000), 200, "wrong_type"),
    "backslashes": (b'{"items":["%b' % (b"\\" * 16_000_000), 400, "invalid_json"),
    "a string without end": (b'{"items":[NaN,"%b' % (b"x" * 16_000_000), 400, "invalid_json"),
    "items": (b'{"items":[NaN%b]}' % (b",1" * 1_000_000), 413, "too_many"),
    "more than items": (b'{"items":["\\ud800"],"more":1}', 422, "required"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_odd_and_huge_is_told_so(mia: Person, name: str) -> None:
    body, status, code = HOSTILE[name]
    found, told = send(mia, MANY, body)
    assert (found, told["rejected"][0]["code"] if status == 200 else told["code"]) == (status, code)
    assert len(json.dumps(told)) < 1000
    assert counted("agents_run") == 0


def test_it_says_what_is_wrong_in_words(mia: Person) -> None:
    for fields, sentence in (
        ({"tokens_in": "12"}, "This must be a whole number or null, and is a text."),
        ({"ended_at": 5}, "This must be a time or null, and is a whole number."),
        ({"agent_id": 5}, "This must be a text, and is a whole number."),
        ({"version_id": "x"}, "This is no UUID."),
        ({"note": "x"}, "There is no such field."),
        ({"steps": [{"name": "a"}]}, "`step_type` is missing."),
        ({"steps": 5}, "This must be a list or null, and is a whole number."),
        ({"cost_usd": "much"}, 'A cost is a decimal number of US dollars, as in "0.0031".'),
    ):
        status, told = post(mia, a_report(**fields))
        assert (status, told["errors"][0]["detail"]) == (422, sentence)
    (told,) = post_batch(mia, a_report(decisions=[a_decision(candidates=["a b"])]))["results"]
    assert told["rejected"][0]["detail"].startswith("A candidate is a code: ")
