"""What lists are filtered by: always in sight, one select each, an empty one asks for nothing."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

MOST_VALUES = 200


class FieldFilter(SimpleListFilter):
    """The values that a field has in this project. One query."""

    field = ""

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by(self.field).values_list(self.field, flat=True)
        return [(str(value), str(value)) for value in rows.distinct()[:MOST_VALUES] if value not in (None, "")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.field: value}) if value else queryset


class SwitchFilter(SimpleListFilter):
    """A field that is on or off."""

    field = ""
    words = ("yes", "no")

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [("on", self.words[0]), ("off", self.words[1])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.field: value == "on"}) if value in ("on", "off") else queryset


def by(field: str, title: str = "") -> type[FieldFilter]:
    """A filter by the values of a field."""
    name = title or field.replace("_", " ")
    return type(f"By{field}", (FieldFilter,), {"field": field, "parameter_name": field, "title": name})


def by_switch(field: str, title: str, on: str, off: str) -> type[SwitchFilter]:
    """A filter by a field that is true or false."""
    said = {"field": field, "parameter_name": field, "title": title, "words": (on, off)}
    return type(f"By{field}", (SwitchFilter,), said)
