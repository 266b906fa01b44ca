"""The form with which a person hands work over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from assay.core.errors import AssayError
from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from agents.handoffs.check_payload import check_payload
from agents.models import Agent, Handoff, PayloadType
from agents.models.handoff_states import Priority
from agents.models.handoffs import FIRST_ATTEMPTS, FIRST_LEASE, LONGEST_LEASE, MOST_ATTEMPTS
from sentinel.admin_fields import OneOf, TextWidget, tell
from sentinel.admin_schema import field_for, names_in_order, typed_as, values_of

PREFIX = "payload-"
# A payload of more fields than these shows the required ones and folds the others away.
FEW_FIELDS = 6
PRIORITIES = [(it.name, it.label) for it in Priority]


class MomentWidget(TextWidget):
    """A day and a time, chosen with what the browser has for it."""

    input_type = "datetime-local"


class HandoffForm(forms.Form):
    """One field for each property of the type, and where the work goes. `after`: what it passes on."""

    to_agent = forms.ChoiceField(label="To", widget=UnfoldAdminSelectWidget)
    from_agent = forms.ChoiceField(label="From", required=False, widget=UnfoldAdminSelectWidget)
    priority = OneOf(PRIORITIES, initial=Priority.NORMAL.name)
    deadline = forms.DateTimeField(
        required=False,
        widget=MomentWidget,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        label="Deadline (UTC)",
        help_text="From then on it is expired, done or not.",
    )
    context_id = forms.CharField(
        max_length=100,
        required=False,
        label="Context",
        widget=TextWidget({"autocomplete": "off"}),
        help_text="What belongs together. Left empty, it is a context of its own.",
    )
    lease_seconds = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_LEASE,
        initial=FIRST_LEASE,
        label="Lease, in seconds",
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="How long who takes it has for it.",
    )
    max_attempts = forms.IntegerField(
        min_value=1,
        max_value=MOST_ATTEMPTS,
        initial=FIRST_ATTEMPTS,
        label="Attempts",
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="How often a lease may run out.",
    )
    once = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        typed: Mapping[str, Any] | None,
        *,
        payload_type: PayloadType,
        agents: list[Agent],
        after: Handoff | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(typed, initial={"once": str(uuid4())} | (initial or {}))
        self.payload_type = payload_type
        self.schema: dict[str, Any] = payload_type.schema
        self.after = after
        self.wanted = {PREFIX + name for name in self.schema.get("required", [])}
        for name in names_in_order(self.schema):
            self.fields[PREFIX + name] = field_for(name, self.schema["properties"][name])
        passed = set(after.chain) if after else set()
        given = [(it.code, f"{it.code} – {it.role}" if it.role else it.code) for it in agents if it.code not in passed]
        self._choose("to_agent", [("", "Choose"), *given])
        self._choose("from_agent", [("", "outside: nobody of the roster"), *((it.code, it.code) for it in agents)])
        if after is not None:
            del self.fields["from_agent"], self.fields["context_id"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    @property
    def said(self) -> list[forms.BoundField]:
        """The fields of the payload."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    @property
    def shown(self) -> list[forms.BoundField]:
        """Those that are asked for at once: what is required, and all of a payload that has few."""
        return [field for field in self.said if len(self.said) <= FEW_FIELDS or field.html_name in self.wanted]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The others, which most handoffs leave empty."""
        shown = {field.html_name for field in self.shown}
        return [field for field in self.said if field.html_name not in shown]

    @property
    def is_unfolded(self) -> bool:
        """Whether one of the others has something to show: a value, or what is wrong with it."""
        return any(field.value() or field.errors for field in self.folded)

    def clean(self) -> dict[str, Any]:
        """What is wrong with the payload is said at once with whatever else is wrong."""
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            check_payload(self.payload_type, values_of(self.schema, cleaned, PREFIX))
        except AssayError as error:
            self.tell(error)
        return cleaned

    def fields_of(self, agents: list[Agent]) -> dict[str, Any]:
        """What the verb takes."""
        cleaned = self.cleaned_data
        by_code = {agent.code: agent for agent in agents}
        deadline: datetime | None = cleaned["deadline"]
        fields = {
            "to_agent": by_code[cleaned["to_agent"]],
            "payload": values_of(self.schema, cleaned, PREFIX),
            "priority": Priority[cleaned["priority"]],
            "deadline": deadline,
            "lease_seconds": cleaned["lease_seconds"],
            "max_attempts": cleaned["max_attempts"],
            "idempotency_key": f"admin:{cleaned['once']}",
        }
        if self.after is not None:
            return fields | {"from_agent": self.after.to_agent, "parent": self.after}
        giver = by_code.get(cleaned["from_agent"])
        return fields | {"from_agent": giver, "context_id": cleaned["context_id"] or None}

    def tell(self, error: AssayError) -> None:
        payload = {f"/payload/{name}": PREFIX + name for name in self.schema.get("properties", {})}
        tell(self, error, payload | {f"/{name}": name for name in self.fields})


def like(handoff: Handoff, payload_type: PayloadType) -> dict[str, Any]:
    """What the form holds when a handoff is made once more: all of it but its deadline."""
    rules = payload_type.schema.get("properties", {})
    payload = {PREFIX + name: typed_as(rules[name], value) for name, value in handoff.payload.items() if name in rules}
    return payload | {
        "to_agent": handoff.to_agent.code,
        "from_agent": handoff.from_agent.code if handoff.from_agent else "",
        "priority": handoff.priority_name,
        "context_id": handoff.context_id,
        "lease_seconds": handoff.lease_seconds,
        "max_attempts": handoff.max_attempts,
    }
