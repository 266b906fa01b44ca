"""What every operation of the API has in common in its schema, and schemas made from msgspec's structs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from config.problems import TITLES

METHODS = ("get", "post", "put", "patch", "delete")
_COMPONENT = "#/components/schemas/{name}"
_types: dict[str, Any] = {}


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
    """drf-spectacular's hook: the structs' schemas, the ways to say who one is, and every operation's problems."""
    components = result.setdefault("components", {})
    problem = ref(Problem)
    _, schemas = msgspec.json.schema_components(tuple(_types.values()), ref_template=_COMPONENT)
    components.setdefault("schemas", {}).update(schemas)
    components["responses"] = {
        f"Problem{status}": {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": problem}},
        }
        for status in (400, 401, 403, 404, 406, 409, 413, 415, 422, 503)
    }
    for operation in _operations(result):
        for status in _problems(operation):
            operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
        operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                yield path[method]


def _problems(operation: dict[str, Any]) -> list[int]:
    if operation.get("security") == []:
        return [400]
    statuses = [400, 401, 403, 404, 406, 503]
    return [*statuses, 409, 413, 415, 422] if _changes(operation) else statuses


def _changes(operation: dict[str, Any]) -> bool:
    return "requestBody" in operation or not operation["operationId"].endswith(("_list", "_retrieve"))
