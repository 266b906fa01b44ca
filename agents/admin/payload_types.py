"""Payload types: what a handoff's payload looks like, version by version."""

from typing import Any

from assay.core.errors import AssayError
from django import forms
from django.contrib import admin, messages
from django.db.models import F, Max, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from agents.admin.board import newest_cards
from agents.admin.readable import as_json
from agents.handoffs.find_payload_type import find_payload_type
from agents.handoffs.register_payload_type import register_payload_type
from agents.models import Handoff, PayloadType
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_fields import JSONText, LongText, TextWidget, tell
from sentinel.admin_schema import names_in_order

VERSIONS_SHOWN = 50
HANDOFFS_SHOWN = 8
# What a schema begins with for somebody who has none yet.
FIRST_SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 300, "description": "What it is about."},
        "notes": {"type": "string", "maxLength": 10000},
    },
    "required": ["title"],
    "additionalProperties": False,
}


class PayloadTypeForm(forms.Form):
    name = forms.CharField(
        max_length=50,
        widget=TextWidget({"placeholder": "client_onboarding", "autocomplete": "off"}),
        help_text="Lower-case letters, digits and _. The name of a type that is there registers its next version.",
    )
    description = LongText(rows=2, required=False, max_length=10_000, help_text="What it is for, in a sentence.")
    schema = JSONText(
        rows=16,
        help_text="JSON Schema, of the same closed subset as a prompt's variables. The first required property is what"
        " cards are headed with.",
    )

    def tell(self, error: AssayError) -> None:
        tell(self, error, {f"/{name}": name for name in self.fields})


@admin.register(PayloadType)
class PayloadTypeAdmin(ProjectAdmin):
    place = Place("Agents", 39, "data_object", "Payload types")
    add_title = "Register a type"
    reads = "agents.read"
    writes = "agents.write"
    list_display = ("named", "newest", "asks_for", "used")
    list_display_links = None
    search_fields = ("name", "description")
    search_help_text = "Name"
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        types = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "agents_payloadtype_changelist":
            of_name = PayloadType.objects.filter(project_id=OuterRef("project_id"), name=OuterRef("name")).order_by()
            newest = of_name.values("name").annotate(newest=Max("version")).values("newest")
            return types.annotate(newest_version=Subquery(newest)).filter(version=F("newest_version"))
        return types

    @display(description="Type", ordering="name")
    def named(self, payload_type: PayloadType) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small">{}</span>',
            reverse("admin:agents_payloadtype_change", args=[payload_type.pk]),
            payload_type.name,
            payload_type.description,
        )

    @display(description="Version")
    def newest(self, payload_type: PayloadType) -> str:
        return str(payload_type.version)

    @display(description="Asks for")
    def asks_for(self, payload_type: PayloadType) -> str:
        return ", ".join(payload_type.schema.get("required", [])) or "–"

    @display(description="Fields")
    def used(self, payload_type: PayloadType) -> str:
        return str(len(payload_type.schema.get("properties", {})))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A new type, or with `?type=` the next version of one."""
        access = self.access(request)
        access.require("agents.write")
        known = request.GET.get("type", "")
        newest = find_payload_type(access.project_id, known) if known else None
        if newest is not None:
            initial = {"name": newest.name, "description": newest.description, "schema": newest.schema}
        else:
            initial = {"schema": FIRST_SCHEMA}
        form = PayloadTypeForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            before = set(PayloadType.objects.filter(project_id=access.project_id).values_list("pk", flat=True))
            try:
                made = register_payload_type(access=access, **form.cleaned_data)
            except AssayError as error:
                form.tell(error)
            else:
                messages.success(request, _registered(made, is_new=made.pk not in before))
                return redirect("admin:agents_payloadtype_change", made.pk)
        title = f"{newest.name}, version {newest.version + 1}" if newest else "New payload type"
        return self.page(request, "agents/handoffs/type_form.html", title=title, form=form, newest=newest)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found: PayloadType | None = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is None:
            raise Http404
        versions = PayloadType.objects.filter(project_id=found.project_id, name=found.name).order_by("-version")
        handoffs = Handoff.objects.in_project(found.project_id).filter(payload_type=found)
        required = set(found.schema.get("required", []))
        return self.page(
            request,
            "agents/handoffs/type.html",
            title=found.name,
            type=found,
            versions=list(versions[:VERSIONS_SHOWN]),
            properties=[_property(it, found.schema["properties"][it], required) for it in names_in_order(found.schema)],
            schema=as_json(found.schema),
            handoffs=newest_cards(handoffs, HANDOFFS_SHOWN),
            may_write=self.access(request).may("agents.write"),
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)


def _registered(made: PayloadType, *, is_new: bool) -> str:
    told = "is what is handed over from now on" if is_new else "has this schema already: nothing changes"
    return f"{made.name}, version {made.version}, {told}."


# What limits a value, and how it is said.
LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "up to {} characters",
    "minItems": "at least {} items",
    "maxItems": "up to {} items",
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
}


def _property(name: str, rule: dict[str, Any], required: set[str]) -> dict[str, Any]:
    limits = [told.format(f"{rule[word]:,}") for word, told in LIMITS.items() if word in rule and rule[word] != 1]
    kind = rule.get("type", "anything")
    if kind == "array" and isinstance(rule.get("items"), dict):
        kind = f"list of {rule['items'].get('type', 'anything')}"
    return {
        "name": name,
        "kind": " or ".join(kind) if isinstance(kind, list) else kind,
        "limits": ", ".join(limits),
        "choices": rule.get("enum", []),
        "description": rule.get("description", ""),
        "required": name in required,
    }
