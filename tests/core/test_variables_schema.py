"""Which schemas may describe variables, and how they meet the template that uses them."""

from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.render import compile_template
from assay.core.variables import check_against, check_schema, compile_variables, derive
from hypothesis import given, settings
from hypothesis import strategies as st


def described(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def pointers_of(refused: pytest.ExceptionInfo[AssayError]) -> list[str]:
    return [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    "schema",
    [
        {},
        described(),
        described(name={}),
        described(été={"type": "string", "minLength": 1, "maxLength": 10, "title": "Season", "description": "…"}),
        described(n={"type": ["number", "null"], "minimum": 0, "exclusiveMaximum": 1.5, "default": None}),
        described(tone={"enum": ["warm", "cool", 3, None], "default": "warm", "examples": ["cool"]}),
        described(rows={"type": "array", "maxItems": 5, "items": {"type": "object", "properties": {"a b": {}}}}),
        described(**{"class": {}, "from": {}, "lambda": {}}),
        described(v={"const": 1}, w={"type": "boolean"}, x={"type": "integer", "maximum": 9, "minimum": 9}),
    ],
)
def test_it_takes_the_closed_subset(schema: dict[str, Any]) -> None:
    check_schema(schema)


DEEP: dict[str, Any] = {}
for _ in range(40):
    DEEP = {"items": DEEP}


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ([], "/variables"),
        (None, "/variables"),
        ("{}", "/variables"),
        (described(x={"$ref": "#"}), "/variables/properties/x/$ref"),
        ({"$ref": "http://example.com"}, "/variables/$ref"),
        ({"$defs": {}}, "/variables/$defs"),
        (described(x={"pattern": "(a+)+$"}), "/variables/properties/x/pattern"),
        (described(x={"patternProperties": {}}), "/variables/properties/x/patternProperties"),
        (described(x={"format": "email"}), "/variables/properties/x/format"),
        (described(x={"anyOf": [{}]}), "/variables/properties/x/anyOf"),
        (described(x={"type": "text"}), "/variables/properties/x/type"),
        (described(x={"type": []}), "/variables/properties/x/type"),
        (described(x={"type": ["string", "string"]}), "/variables/properties/x/type"),
        (described(x={"type": [["string"]]}), "/variables/properties/x/type"),
        (described(x=True), "/variables/properties/x"),
        (described(x={"items": [{}]}), "/variables/properties/x/items"),
        (described(x={"enum": []}), "/variables/properties/x/enum"),
        (described(x={"enum": [[1]]}), "/variables/properties/x/enum"),
        (described(x={"enum": list(range(201))}), "/variables/properties/x/enum"),
        (described(x={"const": {}}), "/variables/properties/x/const"),
        (described(x={"minLength": -1}), "/variables/properties/x/minLength"),
        (described(x={"minLength": True}), "/variables/properties/x/minLength"),
        (described(x={"maxLength": 10**9}), "/variables/properties/x/maxLength"),
        (described(x={"minimum": "1"}), "/variables/properties/x/minimum"),
        (described(x={"minimum": float("nan")}), "/variables/properties/x/minimum"),
        (described(x={"minimum": 10**1000}), "/variables/properties/x/minimum"),
        (described(x={"minimum": 2, "maximum": 1}), "/variables/properties/x/maximum"),
        (described(x={"minLength": 2, "maxLength": 1}), "/variables/properties/x/maxLength"),
        (described(x={"minItems": 2, "maxItems": 1}), "/variables/properties/x/maxItems"),
        (described(x={"title": 5}), "/variables/properties/x/title"),
        (described(x={"description": "x" * 2001}), "/variables/properties/x/description"),
        (described(x={"required": ["y"]}), "/variables/properties/x/required"),
        (described(x={"type": "string", "default": 5}), "/variables/properties/x/default"),
        (described(x={"items": {"maxLength": 1, "default": "ab"}}), "/variables/properties/x/items/default"),
        (described(x={"default": "\x00"}), "/variables/properties/x/default"),
        (described(x=DEEP), "/variables/properties"),
        (described(**{f"x{number}": {} for number in range(501)}), "/variables/properties/x499"),
        ({"type": "array"}, "/variables/type"),
        ({"type": ["object"]}, "/variables/type"),
        ({"additionalProperties": True}, "/variables/additionalProperties"),
        ({"additionalProperties": {}}, "/variables/additionalProperties"),
        ({"properties": []}, "/variables/properties"),
        ({"required": "x"}, "/variables/required"),
        ({"required": [[]]}, "/variables/required"),
        ({"required": ["x", "x"]}, "/variables/required"),
        ({"default": {}}, "/variables/default"),
        ({1: 2}, "/variables"),
        *((described(**{name: {}}), f"/variables/properties/{name}") for name in (
            "brand", "loop", "true", "None", "if", "in", "not", "_x", "__class__", "a b", "a-b", "1a", "x" * 65
        )),
        (described(**{"": {}}), "/variables/properties"),
    ],
)  # fmt: skip
def test_it_refuses_anything_else(schema: object, pointer: str) -> None:
    with pytest.raises(AssayError) as refused:
        check_schema(schema)

    assert refused.value.code == "invalid_variables_schema"
    assert pointer in pointers_of(refused)


def test_it_collects_every_fault() -> None:
    with pytest.raises(AssayError) as refused:
        check_schema(described(x={"pattern": "a"}, y={"type": "text"}) | {"required": ["z"]})

    assert sorted(pointers_of(refused)) == [
        "/variables/properties/x/pattern",
        "/variables/properties/y/type",
        "/variables/required",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
schemas = st.recursive(
    json_values,
    lambda inner: st.dictionaries(
        st.sampled_from(
            ["type", "properties", "required", "items", "enum", "const", "default", "minLength", "maximum", "minItems"]
        ),
        inner | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2) | st.sampled_from(["string", "object"]),
        max_size=4,
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(schemas, json_values)
def test_it_never_raises_anything_but_an_assay_error(schema: Any, value: object) -> None:
    try:
        compile_variables(schema).check({"x": value})
    except AssayError as error:
        named = [found.pointer for found in error.errors]
        if not named:
            raise AssertionError("an error that names nothing") from error


def derived(*texts: str) -> dict[str, Any]:
    schema = derive([compile_template(text) for text in texts])
    check_schema(schema)
    check_against(schema, [compile_template(text) for text in texts])
    return schema


SCALAR = {"type": ["string", "number", "boolean"]}


@pytest.mark.parametrize(
    ("text", "properties", "required"),
    [
        ("Hello", {}, []),
        ("{{ b }} {{ a }}", {"a": SCALAR, "b": SCALAR}, ["a", "b"]),
        ("{% if a %}{% endif %}{{ b == 1 }}", {"a": SCALAR, "b": SCALAR}, ["a", "b"]),
        ("{{ brand.tagline }}{% for x in brand.do %}{{ x }}{% endfor %}", {}, []),
        ("{% for x in a %}{{ loop.index }}{% endfor %}", {"a": {"type": "array", "maxItems": 1000}}, ["a"]),
        ("{% for x in a %}{{ x }}{% endfor %}", {"a": {"type": "array", "maxItems": 1000, "items": SCALAR}}, ["a"]),
        ("{{ a|join }}", {"a": {"type": "array", "maxItems": 1000}}, ["a"]),
        ("{{ a.b }}", {"a": {"type": "object", "properties": {"b": SCALAR}, "required": ["b"]}}, ["a"]),
        ("{{ a[0] }}", {"a": {"type": ["array", "object"]}}, ["a"]),
        ("{{ a|tojson }}", {"a": {}}, ["a"]),
        ("{{ a|length }}", {"a": {"type": ["string", "array", "object"]}}, ["a"]),
        ("{{ a|default('x') }}", {"a": {"type": ["string", "number", "boolean", "null"]}}, []),
        ("{% if a is defined %}{{ a }}{% endif %}", {"a": {"type": ["string", "number", "boolean", "null"]}}, []),
    ],
)
def test_it_derives_what_is_certain(text: str, properties: dict[str, Any], required: list[str]) -> None:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    assert derived(text) == schema


def test_it_derives_from_all_messages_of_a_chat_together() -> None:
    schema = derived("{{ a }}{{ u.x }}", "{% for i in l %}{{ i.k }}{% endfor %}{{ u.y | default('') }}")

    assert schema["required"] == ["a", "l", "u"]
    assert schema["properties"]["u"]["required"] == ["x"]
    assert set(schema["properties"]["u"]["properties"]) == {"x", "y"}
    assert schema["properties"]["l"]["items"]["required"] == ["k"]


@pytest.mark.parametrize(
    ("text", "properties", "pointer", "code"),
    [
        ("{{ a }}{{ b }}", {"a": {}}, "/variables/properties/b", "undeclared_variable"),
        ("{% for x in a %}{{ b }}{% endfor %}", {"a": {}}, "/variables/properties/b", "undeclared_variable"),
        ("{% for x in a %}{% endfor %}", {"a": {"type": "string"}}, "/variables/properties/a", "variable_conflict"),
        ("{{ a|join }}", {"a": {"type": "string"}}, "/variables/properties/a", "variable_conflict"),
        ("{{ a.b }}", {"a": {"type": ["string", "null"]}}, "/variables/properties/a", "variable_conflict"),
        ("{{ a }}", {"a": {"type": "array"}}, "/variables/properties/a", "variable_conflict"),
        (
            "{{ a.b }}",
            {"a": {"type": "object", "properties": {"c": {}}, "additionalProperties": False}},
            "/variables/properties/a/properties/b",
            "variable_conflict",
        ),
        (
            "{% for x in a %}{{ x.y }}{% endfor %}",
            {"a": {"type": "array", "items": {"type": "string"}}},
            "/variables/properties/a/items",
            "variable_conflict",
        ),
    ],
)
def test_it_holds_a_template_against_its_schema(text: str, properties: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(AssayError) as refused:
        check_against(described(**properties), [compile_template(text)])

    assert refused.value.code == "invalid_variables_schema"
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]


def test_it_lets_a_version_describe_what_it_no_longer_uses() -> None:
    check_against(described(a={}, old={"type": "string"}), [compile_template("{{ a }}")])
