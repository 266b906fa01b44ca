"""How lists are narrowed."""

from typing import Any

from django_filters import rest_framework as filters

from agents.models import Agent, AgentMemory, Handoff, PayloadType
from agents.models.handoff_states import Priority, Status
from agents.models.memory import MemoryQuerySet


class AgentFilters(filters.FilterSet):
    active = filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = Agent
        fields: list[str] = []


class PayloadTypeFilters(filters.FilterSet):
    name = filters.CharFilter()

    class Meta:
        model = PayloadType
        fields: list[str] = []


class HandoffFilters(filters.FilterSet):
    status = filters.ChoiceFilter(field_name="state", choices=Status.choices)
    priority = filters.TypedChoiceFilter(
        choices=[(name, name) for name in Priority.names], coerce=lambda name: Priority[name]
    )
    from_agent = filters.CharFilter(field_name="from_agent__code", help_text="An agent's code.")
    to_agent = filters.CharFilter(field_name="to_agent__code", help_text="An agent's code.")
    task_type = filters.CharFilter(field_name="payload_type__name")
    context_id = filters.CharFilter()
    run_id = filters.CharFilter()

    class Meta:
        model = Handoff
        fields: list[str] = []


class MemoryFilters(filters.FilterSet):
    kind = filters.CharFilter()
    key = filters.CharFilter()
    scope = filters.CharFilter()
    as_of = filters.IsoDateTimeFilter(method="left_to_the_whole", help_text="What held at that time; now by itself.")
    history = filters.ChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        method="left_to_the_whole",
        help_text="true: all that it ever knew, superseded or not.",
    )

    class Meta:
        model = AgentMemory
        fields: list[str] = []

    def left_to_the_whole(self, queryset: MemoryQuerySet, name: str, value: Any) -> MemoryQuerySet:
        """Both together say what is seen: see below."""
        return queryset

    def filter_queryset(self, queryset: MemoryQuerySet) -> MemoryQuerySet:
        found: MemoryQuerySet = super().filter_queryset(queryset)
        asked = self.form.cleaned_data
        return found if asked["history"] == "true" else found.as_of(asked["as_of"])
