"""What the REST doors of all apps share: parsing, rendering and pages."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError
from rest_framework import renderers
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser

MOST_DEEP = 32


def parse_json(body: bytes) -> Any:
    """The JSON value in `body`; AssayError `invalid_json`, or one that points at a text that cannot be stored."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise AssayError("invalid_json", f"The body is no valid JSON: {error}", status=400) from None
    refused = list(_unstorable(value, "", 0))
    if refused:
        raise AssayError("unstorable_value", refused[0].detail, status=422, errors=refused[:20])
    return value


def _unstorable(value: Any, pointer: str, depth: int) -> Iterator[FieldError]:
    if depth > MOST_DEEP:
        yield FieldError(pointer, "too_deep", f"Nested deeper than {MOST_DEEP} levels.")
    elif isinstance(value, str):
        if "\x00" in value:
            yield FieldError(pointer, "null_character", "A text may not hold the character NUL.")
    elif isinstance(value, dict):
        for key, member in value.items():
            step = f"{pointer}/{key[:100].replace('~', '~0').replace('/', '~1')}"
            yield from _unstorable(key, step, depth + 1)
            yield from _unstorable(member, step, depth + 1)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unstorable(member, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield FieldError(pointer, "number_too_large", "A whole number must fit into 64 bits.")


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parse_json(stream.read())


class JSONRenderer(renderers.JSONRenderer):
    charset = None


class BrowsableRenderer(renderers.BrowsableAPIRenderer):
    """The browsable API, without forms: their inline scripts are not allowed, and the docs page has better."""

    def show_form_for_method(self, view: Any, method: str, request: Any, obj: Any) -> bool:
        return False


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500
