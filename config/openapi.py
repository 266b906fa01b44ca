"""What every operation of the API has in common in its schema, and schemas made from msgspec's structs."""

from collections.abc import Iterator
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter

from config.problems import CODES, TITLES

METHODS = ("get", "post", "put", "patch", "delete")
_COMPONENT = "#/components/schemas/{name}"
_types: dict[str, Any] = {}

PROJECT = {
    "name": "X-Project",
    "in": "header",
    "description": "The project's slug, for a session of somebody with several projects. A key has its own project.",
    "schema": {"type": "string"},
}
# For what creates or moves something.
ONCE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Any text of one's own. Sent again with the same key within 24 hours, a request gets its first answer "
    "and nothing happens twice.",
)


class FieldProblem(msgspec.Struct):
    """One bad field: a JSON pointer into the request, `/query/<name>` for a parameter of the query string."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, omit_defaults=True):
    """Problem details (RFC 9457). `code` is stable and fit for programs; `detail` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] = []


def ref(type_: type) -> dict[str, Any]:
    """A reference to the schema of a struct or dataclass, which is put among the document's components."""
    _types[type_.__name__] = type_
    return {"$ref": _COMPONENT.format(name=type_.__name__)}


def answer(description: str, schema: dict[str, Any] | None = None, example: Any = None) -> dict[str, Any]:
    """One answer of an operation that is described by hand."""
    if schema is None:
        return {"description": description}
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the structs' schemas, the headers, and every operation's problems."""
    components = result.setdefault("components", {})
    problem = ref(Problem)
    _, schemas = msgspec.json.schema_components(tuple(_types.values()), ref_template=_COMPONENT)
    components.setdefault("schemas", {}).update(schemas)
    components["responses"] = {}
    components["parameters"] = {"Project": PROJECT}
    _widen_tuples(components["schemas"])
    for name, schema in components["schemas"].items():
        if name.endswith("Request") and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    for method, operation in _operations(result):
        if "default" in operation["responses"]:
            # It says itself how errors are told: another protocol's way.
            continue
        for status in _problems(method, operation):
            components["responses"].setdefault(f"Problem{status}", _problem(status, problem))
            operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
        operation["responses"] = dict(sorted(operation["responses"].items()))
        if operation.get("security") != []:
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Project"})
    return result


def _widen_tuples(schema: Any) -> None:
    """A tuple as a list of a fixed length: many programs that read OpenAPI do not know `prefixItems`."""
    members = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for member in members:
        _widen_tuples(member)
    if isinstance(schema, dict) and "prefixItems" in schema:
        different = schema.pop("prefixItems")
        schema["items"] = {"anyOf": [each for place, each in enumerate(different) if each not in different[:place]]}


def _problem(status: int, schema: dict[str, Any]) -> dict[str, Any]:
    example = {
        "type": f"http://127.0.0.1:8000/api/docs/#{CODES.get(status, 'invalid')}",
        "title": TITLES[status],
        "status": status,
        "detail": "What is wrong, in a sentence.",
        "code": CODES.get(status, "invalid"),
    }
    if status == 422:
        example["errors"] = [{"pointer": "/name", "code": "required", "detail": "This field is required."}]
    return {
        "description": TITLES[status],
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                yield method, path[method]


def _problems(method: str, operation: dict[str, Any]) -> list[int]:
    if operation.get("security") == []:
        return [400]
    reading = [400, 401, 403, 404, 406, 503]
    return reading if method == "get" else [*reading, 409, 413, 415, 422]
