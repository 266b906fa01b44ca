"""What a caller gives is checked before anything is rendered: every fault is named, and no value is repeated."""

import math
from collections import OrderedDict
from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.schema.plain import faults_of, is_plain
from assay.core.variables import Variables, compile_variables
from hypothesis import given, settings
from hypothesis import strategies as st

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "message": {"type": "string", "minLength": 2, "maxLength": 20},
        "tone": {"enum": ["warm", "cool"], "default": "warm"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "nickname": {"type": "string"},
        "rows": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {"label": {"type": "string"}, "note": {"type": "string"}, "size": {"default": "M"}},
                "required": ["label"],
                "additionalProperties": False,
            },
        },
        "anything": {},
    },
    "required": ["message"],
    "additionalProperties": False,
}


@pytest.fixture(name="variables")
def make_variables() -> Variables:
    return compile_variables(SCHEMA)


def refused(variables: Variables, values: Any) -> dict[str, str]:
    with pytest.raises(AssayError) as caught:
        variables.check(values)
    assert caught.value.code in {error.code for error in caught.value.errors}
    return {error.pointer: error.code for error in caught.value.errors}


def test_it_fills_in_defaults_and_null_for_the_rest(variables: Variables) -> None:
    given_values = {"message": "hi", "rows": [{"label": "a"}, {"label": "b", "size": "L", "note": "n"}]}

    assert variables.check(given_values) == {
        "message": "hi",
        "tone": "warm",
        "count": None,
        "nickname": None,
        "anything": None,
        "rows": [{"label": "a", "note": None, "size": "M"}, {"label": "b", "note": "n", "size": "L"}],
    }
    assert given_values == {"message": "hi", "rows": [{"label": "a"}, {"label": "b", "size": "L", "note": "n"}]}


def test_it_takes_null_for_an_optional_variable_as_not_given(variables: Variables) -> None:
    assert variables.check({"message": "hi", "nickname": None, "tone": None})["tone"] == "warm"
    assert refused(variables, {"message": None}) == {"/variables/message": "invalid_variable"}


def test_it_names_every_fault_at_once(variables: Variables) -> None:
    values = {
        "tone": "shrill",
        "count": 10,
        "typo": 1,
        "rows": [{"label": 5}, {"lable": "x"}],
        "nickname": "\x00",
    }

    assert refused(variables, values) == {
        "/variables/message": "missing_variable",
        "/variables/tone": "invalid_variable",
        "/variables/count": "invalid_variable",
        "/variables/typo": "unknown_variable",
        "/variables/rows/0/label": "invalid_variable",
        "/variables/rows/1/label": "missing_variable",
        "/variables/rows/1/lable": "unknown_variable",
        "/variables/nickname": "invalid_variable",
    }


def test_it_says_what_would_be_right_and_never_what_was_given(variables: Variables) -> None:
    secret = "sesame-" * 10
    with pytest.raises(AssayError) as refused:
        variables.check({"message": secret, "tone": secret, "count": secret, "anything": {"k": secret * 20_000}})

    said = str(refused.value)
    assert "sesame" not in said
    assert "message may have at most 20 characters." in said
    assert "tone must be one of 'warm', 'cool'." in said
    assert "count must be a whole number." in said


class Sly(str):
    """A text that says it is another."""


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "a\x00b",
        "a\ud800b",
        "x" * (2**20 + 1),
        math.nan,
        math.inf,
        -math.inf,
        2**64,
        -(2**63) - 1,
        10**5000,
        object(),
        b"bytes",
        (1, 2),
        {1, 2},
        Sly("x"),
        {"k": "\x00"},
        {"k": [{"k": math.nan}]},
        {"\x00": 1},
        {"\ud800": 1},
        {1: 2},
        {"k" * 201: 1},
        nested(17),
        nested(900),
        [0] * 100_001,
        [[0] * 1000] * 101,
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_it_refuses_what_is_not_plain_and_of_ordinary_size(variables: Variables, value: object) -> None:
    faults = refused(variables, {"message": "hi", "anything": value})

    assert all(pointer.startswith("/variables/anything") for pointer in faults)
    assert set(faults.values()) == {"invalid_variable"}


@pytest.mark.parametrize("name", ["x" * 10_000, "\ud800" * 99, "\x00", "a\nb", "a/b~c", 5, None, ("t",)])
def test_it_refuses_a_name_that_is_none(variables: Variables, name: object) -> None:
    faults = refused(variables, {"message": "hi", name: 1})

    assert list(faults.values()) == ["unknown_variable"]
    assert all(len(pointer) < 500 and pointer.isprintable() for pointer in faults)


@pytest.mark.parametrize("values", [None, [], "message", 5])
def test_it_refuses_what_is_no_object(variables: Variables, values: object) -> None:
    assert refused(variables, values) == {"/variables": "invalid_variable"}


def test_it_names_the_first_fault_of_very_many() -> None:
    variables = compile_variables({"properties": {"a": {"type": "array", "items": {"type": "string"}}}})

    assert refused(variables, {"a": ["x", *([1] * 90_000)]}) == {"/variables/a/1": "invalid_variable"}


def test_it_takes_any_kind_of_dictionary(variables: Variables) -> None:
    assert variables.check(OrderedDict(message="hi"))["message"] == "hi"


def test_it_names_an_unknown_variable_as_it_was_written(variables: Variables) -> None:
    assert refused(variables, {"message": "hi", "été/~": 1}) == {"/variables/été~1~0": "unknown_variable"}


def test_it_stops_counting_faults_at_fifty(variables: Variables) -> None:
    values = {"message": "hi", "rows": [{"x" + str(number): 1 for number in range(500)}]}

    assert len(refused(variables, values)) == 50


everything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(st.dictionaries(st.text(max_size=1), everything, max_size=3))
def test_it_looks_at_values_fast_and_slowly_with_the_same_result(values: dict[str, Any]) -> None:
    assert is_plain(values) == (not any(list(faults_of(value)) for value in values.values()))


def test_it_counts_and_measures_depth_the_same_way_fast_and_slowly() -> None:
    for depth in range(12, 20):
        value = nested(depth)
        assert is_plain({"x": value}) == (not list(faults_of(value)))
    for number in (99_998, 99_999, 100_000):
        assert is_plain({"x": [0] * number}) == (not list(faults_of([0] * number)))


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "typo"]), everything, max_size=5))
def test_it_never_raises_anything_but_an_assay_error(values: dict[str, Any]) -> None:
    try:
        checked = compile_variables(SCHEMA).check(values)
    except AssayError as error:
        named = [found.pointer for found in error.errors]
        if not named:
            raise AssertionError("an error that names nothing") from error
    else:
        if checked.keys() != SCHEMA["properties"].keys():
            raise AssertionError(checked)
