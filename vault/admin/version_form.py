"""A version to be written: text or chat, what it needs, how the model is to be set."""

from typing import Any

from assay.core.errors import AssayError
from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldBooleanSwitchWidget

from sentinel.admin_fields import JSONText, LongText, OneOf, TextWidget, tell
from vault.carry_variables import carry_variables
from vault.check_version import ROLES
from vault.models import Version

KINDS = [("text", "Text"), ("chat", "Chat")]
PLAIN_SETTINGS = ("model", "temperature", "max_tokens")
# Where a pointer of the verbs is said. Longest first.
FIELDS = {
    "/model_settings/temperature": "temperature",
    "/model_settings/max_tokens": "max_tokens",
    "/model_settings/model": "model",
    "/model_settings": "more_settings",
    "/variables": "variables",
    "/content": "content",
    "/kind": "kind",
    "/note": "note",
    "/strategy": "strategy",
    "/variant_id": "variant_id",
}
BLANK_MESSAGES = 2


class VersionForm(forms.Form):
    kind = OneOf(KINDS, initial="text")
    content = LongText(
        label="Text",
        rows=16,
        code=True,
        required=False,
        help_text="A template of Jinja's kind: values in double braces, if and for; brand is the client's brand file.",
    )
    variables = JSONText(
        required=False,
        help_text="JSON Schema of what callers give. Left as it is, or empty, it follows the text.",
    )
    model = forms.CharField(required=False, max_length=200, widget=TextWidget, help_text="Whatever your caller knows.")
    temperature = forms.FloatField(required=False, widget=TextWidget({"inputmode": "decimal"}))
    max_tokens = forms.IntegerField(required=False, label="Most tokens", widget=TextWidget({"inputmode": "numeric"}))
    more_settings = JSONText(
        required=False, rows=4, label="Response schema and tools", help_text='{"response_schema": {…}, "tools": […]}'
    )
    strategy = forms.CharField(
        required=False, max_length=100, widget=TextWidget, help_text="few_shot_enhancement, say."
    )
    variant_id = forms.CharField(required=False, max_length=100, label="Variant", widget=TextWidget)
    note = LongText(required=False, rows=2, help_text="What changed, and why: for whoever reads the history.")
    publish = forms.BooleanField(
        required=False,
        label="Publish it",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Moves production to it at once. You can take that back with one click.",
    )

    def __init__(self, data: QueryDict | None = None, *, version: Version | None = None, **options: Any) -> None:
        super().__init__(data, initial=_initial(version) | options.pop("initial", {}), **options)
        self.version = version
        self.message_errors: dict[int, list[str]] = {}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The rows of the chat as typed, or as they were, and some empty ones to go on with."""
        typed = self._typed() if self.is_bound else None
        if typed is None:
            typed = list(self.version.content) if self.version and self.version.kind == "chat" else []
        rows = [{**message, "errors": self.message_errors.get(place, [])} for place, message in enumerate(typed)]
        roles = ["system", "user"] if not rows else ["assistant", "user"]
        blank = [{"role": role, "content": "", "errors": []} for role in roles[:BLANK_MESSAGES]]
        return rows + blank

    @property
    def roles(self) -> tuple[str, ...]:
        return ROLES

    def _typed(self) -> list[dict[str, str]]:
        rows = []
        place = 0
        while f"message-{place}-content" in self.data:
            content = str(self.data[f"message-{place}-content"]).replace("\r\n", "\n")
            if content.strip():
                rows.append({"role": str(self.data.get(f"message-{place}-role", "")), "content": content})
            place += 1
        return rows

    def given(self) -> dict[str, Any]:
        """What `add_version` takes."""
        cleaned = self.cleaned_data
        settings = {name: cleaned[name] for name in PLAIN_SETTINGS if cleaned[name] not in (None, "")}
        more = cleaned["more_settings"]
        content = self._typed() if cleaned["kind"] == "chat" else cleaned["content"]
        variables = cleaned["variables"]
        if self.version and variables == self.version.variables:
            # Nobody touched them: they follow the text.
            variables = carry_variables(variables, content=content)
        return {
            "kind": cleaned["kind"],
            "content": content,
            "variables": variables,
            "model_settings": settings | (more if isinstance(more, dict) else {}),
            "strategy": cleaned["strategy"],
            "variant_id": cleaned["variant_id"],
            "note": cleaned["note"],
        }

    def clean_more_settings(self) -> Any:
        more = self.cleaned_data["more_settings"]
        if more is not None and not isinstance(more, dict):
            raise forms.ValidationError("An object with `response_schema`, `tools` or both.")
        return more

    def tell(self, error: AssayError) -> None:
        """Say what the verb refused at its field; a chat's message has its own place."""
        rest = []
        for one in error.errors:
            parts = one.pointer.split("/")
            if parts[1:2] == ["content"] and len(parts) > 2 and parts[2].isdigit():
                self.message_errors.setdefault(int(parts[2]), []).append(one.detail)
                self.add_error(None, f"Message {int(parts[2]) + 1}: {one.detail}")
            else:
                rest.append(one)
        if rest or not error.errors:
            tell(self, AssayError(error.code, error.detail, errors=rest), FIELDS)


def _initial(version: Version | None) -> dict[str, Any]:
    if version is None:
        return {}
    settings = dict(version.model_settings)
    plain = {name: settings.pop(name, None) for name in PLAIN_SETTINGS}
    return {
        "kind": version.kind,
        "content": version.content if version.kind == "text" else "",
        "variables": version.variables,
        "more_settings": settings or None,
        **plain,
    }
