"""How lists are narrowed and ordered."""

from typing import Any

from django.db.models import QuerySet
from django.forms import IntegerField
from django_filters import rest_framework as filters

from vault.models import Client, Prompt

LONGEST = 200
ACTIVE = [("true", "active"), ("false", "deleted"), ("all", "both")]


class Ordering(filters.OrderingFilter):
    """An ordering that is always total, so that no row stands on two pages."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        named = [self.get_ordering_value(one) for one in value or () if one]
        return qs.order_by(*named, "id") if named else qs


class Whole(filters.NumberFilter):
    field_class = IntegerField


class ActiveByDefault(filters.FilterSet):
    is_active = filters.ChoiceFilter(
        choices=ACTIVE, method="filter_active", help_text="`true` when not given; `false` for deleted ones, or `all`."
    )
    search = filters.CharFilter(method="filter_search", max_length=LONGEST, help_text="Words, all of which must occur.")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen: QuerySet[Any] = super().filter_queryset(queryset)
        return chosen if self.form.cleaned_data.get("is_active") else chosen.filter(is_active=True)

    def filter_active(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value == "all" else queryset.filter(is_active=value == "true")

    def filter_search(self, queryset: Any, name: str, value: str) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.matching(value)
        return found


class PromptFilters(ActiveByDefault):
    vertical = filters.CharFilter(max_length=LONGEST)
    category = filters.CharFilter(max_length=LONGEST)
    platform = filters.CharFilter(max_length=LONGEST)
    agent_code = filters.CharFilter(max_length=LONGEST)
    language = filters.CharFilter(max_length=LONGEST)
    technique = filters.CharFilter(max_length=LONGEST)
    tag = filters.CharFilter(max_length=LONGEST, method="filter_tag")
    ordering = Ordering(
        fields=("performance_score", "name", "created_at", "updated_at", "times_used", "engagement_avg"),
        help_text="Best score first when not given; `-` turns a field around.",
    )

    class Meta:
        model = Prompt
        fields: list[str] = []

    def filter_tag(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(tags__contains=[value])


class ClientFilters(ActiveByDefault):
    ordering = Ordering(fields=("name", "created_at", "updated_at"), help_text="By name when not given.")

    class Meta:
        model = Client
        fields: list[str] = []


class TopFilters(filters.FilterSet):
    category = filters.CharFilter(max_length=LONGEST)
    language = filters.CharFilter(max_length=LONGEST)
    platform = filters.CharFilter(max_length=LONGEST)
    limit = Whole(method="filter_limit", min_value=1, max_value=100, help_text="10 when not given.")

    class Meta:
        model = Prompt
        fields: list[str] = []

    def filter_limit(self, queryset: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return queryset  # taken last, by `filter_queryset`

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen: QuerySet[Any] = super().filter_queryset(queryset)
        return chosen[: self.form.cleaned_data.get("limit") or 10]
