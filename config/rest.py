"""What the REST doors of all apps share: parsing, strict fields, rendering, filters and pages."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec
from assay.core.errors import AssayError, FieldError, pointer_of
from django.db import models
from django.http import HttpRequest
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import renderers, serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser

from config.complaints import why_unread

MOST_DEEP = 32
MOST_VALUES = 100_000
MOST_TOLD = 20
JSON_TYPE = "application/json"

# Where a value lies: within which place, under which key or index. The outermost is the whole body.
Place: TypeAlias = "tuple[Place, Any] | None"


def json_body(request: HttpRequest) -> bytes:
    """The body of a plain view's request; AssayError 415 when it does not say that it is JSON."""
    if request.content_type != JSON_TYPE:
        raise AssayError("unsupported_media_type", f"Send the body as {JSON_TYPE}.", status=415)
    return request.body


def parse_json(body: bytes) -> Any:
    """The JSON value in `body`; AssayError `invalid_json`, or one that points at a text that cannot be stored."""
    value = decode_json(body)
    check_storable(value)
    return value


def decode_json(body: bytes) -> Any:
    """The JSON value in `body`, which may still hold what cannot be stored. AssayError 400 `invalid_json`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise AssayError("invalid_json", f"The body cannot be read as JSON: {why_unread(error)}", status=400) from None


def check_storable(value: Any) -> None:
    """AssayError 422 `unstorable_value`, with pointers to what the database could not hold; 413 for too many values."""
    refused: list[FieldError] = []
    waiting: list[tuple[Any, Place, int]] = [([value], None, -1)]
    seen = 0
    while waiting and len(refused) < MOST_TOLD:
        container, place, depth = waiting.pop()
        seen += len(container)
        if seen > MOST_VALUES:
            raise AssayError("too_many_values", f"A body may hold {MOST_VALUES} values at most.", status=413)
        for key, member in container.items() if isinstance(container, dict) else enumerate(container):
            if told := _refusal(key) or _refusal(member, depth):
                refused.append(FieldError(_pointer((place, key)), *told))
            elif isinstance(member, dict | list):
                waiting.append((member, (place, key), depth + 1))
    if refused:
        raise AssayError("unstorable_value", refused[0].detail, status=422, errors=refused[:MOST_TOLD])


def _refusal(value: Any, depth: int = 0) -> tuple[str, str] | None:
    """The code and sentence of what the database could not hold."""
    if isinstance(value, str):
        return ("null_character", "A text may not hold the character NUL.") if "\x00" in value else None
    if isinstance(value, int):
        fits = -(2**63) <= value < 2**63
        return None if fits else ("number_too_large", "A whole number must fit into 64 bits.")
    if depth >= MOST_DEEP and isinstance(value, dict | list):
        return "too_deep", f"Nested deeper than {MOST_DEEP} levels."
    return None


def _pointer(place: Place) -> str:
    """The JSON pointer of a place; a key of 10 KB is cut, its reader will know it by its beginning."""
    steps: list[Any] = []
    while place is not None:
        place, key = place
        steps.append(str(key)[:100])
    return pointer_of(steps[-2::-1])


class JSONParser(BaseParser):
    media_type = JSON_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return parse_json(stream.read())


class JSONRenderer(renderers.JSONRenderer):
    charset = None


class BrowsableRenderer(renderers.BrowsableAPIRenderer):
    """The browsable API, without forms: their inline scripts are not allowed, and the docs page has better."""

    def show_form_for_method(self, view: Any, method: str, request: Any, obj: Any) -> bool:
        return False


class Text(serializers.CharField):
    """A string and nothing that could be turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false, and not "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Number(serializers.FloatField):
    """A number and nothing that could be turned into one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number and nothing that could be turned into one."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses what it does not know, with a pointer to it.

    A part of a body is whole even where the body is a change: REST framework would let its fields be missing then."""

    def to_internal_value(self, data: Any) -> Any:
        wrong = self._wrong_names(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if not wrong or not isinstance(error.detail, dict):
                raise
            raise ValidationError(error.detail | wrong) from None
        if wrong:
            raise ValidationError(wrong)
        return value

    def _wrong_names(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        taken = {name: field for name, field in self.fields.items() if not field.read_only}
        wrong: dict[str, Any] = {
            str(name): [ErrorDetail("There is no such field.", code="unknown_field")]
            for name in sent
            if name not in taken
        }
        if self.parent is not None:
            wrong |= {
                name: [ErrorDetail("This field is required.", code="required")]
                for name, field in taken.items()
                if field.required and name not in sent
            }
        return wrong


class StrictModelSerializer(serializers.ModelSerializer[Any], StrictSerializer):
    """A model's fields as they are sent: strings as strings, nothing unknown."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.BooleanField: Flag,
    }

    def get_validators(self) -> list[Any]:
        # What spans rows is the verb's to say, in its transaction.
        return []


def invalid_parameter(name: str, detail: str) -> AssayError:
    """What is wrong with a parameter of the query string; its pointer is `/query/<name>`."""
    pointer = f"/query/{name[:100].replace('~', '~0').replace('/', '~1')}"
    return AssayError(
        "invalid_parameter", detail, status=400, errors=[FieldError(pointer, "invalid_parameter", detail)]
    )


class Filters(DjangoFilterBackend):
    """The view's filter set; a value it does not take and a parameter nobody knows are errors, not ignored."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        check_parameters(request, {*(filterset.filters if filterset else ()), "page", "page_size"})
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            name, found = next(iter(filterset.errors.items()))
            raise invalid_parameter(str(name), str(found[0]))
        return filterset.qs


def check_parameters(request: Any, known: set[str]) -> None:
    """AssayError 400 for a parameter of the query string that is none of `known`."""
    for name in request.query_params:
        if name not in known:
            raise invalid_parameter(name, f"There is no parameter {name[:100]!r} here.")


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Any) -> int | None:
        for name in (self.page_query_param, self.page_size_query_param):
            given = request.query_params.get(name)
            if given is not None and not (given.isascii() and given.isdigit() and len(given) <= 9 and int(given) >= 1):
                raise invalid_parameter(name, f"{name} is a whole number from 1.")
        return super().get_page_size(request)
