"""Where a prompt stands and what it is called."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django import forms
from django.http import QueryDict

from sentinel.admin_fields import CommaList, LongText, TextWidget, tell
from vault.models import Prompt

OPTIONAL = ("platform", "agent_code")
SUGGESTED = ("category", "vertical", "platform", "agent_code", "language", "technique")
MOST_SUGGESTIONS = 50


def _code(name: str, **options: Any) -> forms.CharField:
    return forms.CharField(
        max_length=100, widget=TextWidget({"list": f"known-{name}", "autocomplete": "off"}), **options
    )


class PromptForm(forms.Form):
    """`context()` is what the vault's verbs take."""

    name = forms.CharField(max_length=200, widget=TextWidget, help_text="One active prompt of a name and language.")
    category = _code("category", help_text="What is written: caption, email, script.")
    vertical = _code("vertical", initial="generic", help_text="For which trade; `generic` serves where none is nearer.")
    platform = _code("platform", required=False, help_text="Where it appears.")
    agent_code = _code("agent_code", required=False, label="Agent", help_text="Empty serves every agent.")
    language = _code("language", initial="en", help_text="A tag such as en, fr or pt-BR.")
    technique = _code("technique", required=False, help_text="AIDA, PAS, hook first.")
    tags = CommaList(required=False, widget=TextWidget, help_text="Separated by commas.")
    source = forms.CharField(max_length=200, required=False, widget=TextWidget)
    example_input = LongText(
        required=False,
        rows=4,
        code=True,
        help_text="A JSON object of variables fills the form under “Try it”.",
    )
    example_output = LongText(required=False, rows=4)

    def __init__(self, data: QueryDict | None = None, *, prompt: Prompt | None = None) -> None:
        super().__init__(data, initial={name: getattr(prompt, name) for name in self.base_fields} if prompt else None)

    def context(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {name: (cleaned[name] or None) if name in OPTIONAL else cleaned[name] for name in self.fields}

    def tell(self, error: AssayError) -> None:
        tell(self, error, {f"/{name}": name for name in self.fields})


def suggestions(project_id: UUID) -> dict[str, Sequence[str]]:
    """The values in use, for each field that has some. One query."""
    rows = Prompt.objects.in_project(project_id).active().order_by().values_list(*SUGGESTED).distinct()[:2000]
    used: dict[str, set[str]] = {name: set() for name in SUGGESTED}
    for row in rows:
        for name, value in zip(SUGGESTED, row, strict=True):
            if value:
                used[name].add(value)
    return {name: sorted(values)[:MOST_SUGGESTIONS] for name, values in used.items()}
