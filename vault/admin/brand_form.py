"""A client and how they speak."""

from typing import Any

from assay.core.errors import AssayError
from django import forms
from django.http import QueryDict

from sentinel.admin_fields import CommaList, LongText, OneOf, TextWidget, tell
from vault.models import Client

TONES = ("warm", "confident", "calm", "playful", "plain", "expert", "bold", "elegant", "caring", "witty")
TRAITS = (
    "honest",
    "curious",
    "precise",
    "generous",
    "down-to-earth",
    "optimistic",
    "patient",
    "daring",
    "discreet",
    "family-minded",
)
EMOJIS = [("yes", "Yes, with measure"), ("no", "No"), ("", "Not said")]
EMPTY_ROWS = 2
MOST_ROWS = 50
# Where a pointer of the brand file is said. Longest first.
FIELDS = {
    "/brand_file/voice/primary_tone": "primary_tone",
    "/brand_file/voice/secondary_tone": "secondary_tone",
    "/brand_file/voice/personality_traits": "more_traits",
    "/brand_file/voice/language_style": "language_style",
    "/brand_file/voice/emojis_allowed": "emojis_allowed",
    "/brand_file/business_name": "business_name",
    "/brand_file/tagline": "tagline",
    "/brand_file/vertical": "vertical",
    "/brand_file/dont": "dont",
    "/brand_file/do": "do",
    "/name": "name",
}


def _tone(label: str, help_text: str) -> forms.CharField:
    widget = TextWidget({"list": "known-tones", "autocomplete": "off"})
    return forms.CharField(max_length=200, required=False, label=label, help_text=help_text, widget=widget)


class BrandForm(forms.Form):
    """`brand_file()` is the file as typed; what nobody said is not in it."""

    name = forms.CharField(max_length=200, widget=TextWidget, label="Client", help_text="What you call them here.")
    business_name = forms.CharField(
        max_length=200, required=False, widget=TextWidget, help_text="As it should be written."
    )
    tagline = forms.CharField(max_length=500, required=False, widget=TextWidget)
    vertical = forms.CharField(max_length=200, required=False, widget=TextWidget, help_text="Their trade.")
    primary_tone = _tone("Primary tone", "How it sounds before anything else.")
    secondary_tone = _tone("Secondary tone", "What is heard beneath.")
    traits = forms.MultipleChoiceField(
        required=False, choices=[(it, it) for it in TRAITS], widget=forms.CheckboxSelectMultiple, label="Character"
    )
    more_traits = CommaList(required=False, label="Other traits", widget=TextWidget, help_text="Separated by commas.")
    language_style = LongText(
        required=False, rows=2, max_length=500, help_text="Short sentences? Formal you? Words of the trade?"
    )
    emojis_allowed = OneOf(EMOJIS, required=False, label="Emojis")

    def __init__(self, data: QueryDict | None = None, *, client: Client | None = None) -> None:
        self.brand: dict[str, Any] = dict(client.brand_file) if client else {}
        super().__init__(data, initial={"name": client.name if client else "", **_initial(self.brand)})
        self.line_errors: dict[str, list[str]] = {"do": [], "dont": []}

    def lines(self, name: str) -> list[str]:
        """The sentences of `do` or `dont` as typed, or as they were."""
        if not self.is_bound:
            return [str(line) for line in self.brand.get(name) or []]
        typed = []
        for place in range(MOST_ROWS):
            line = str(self.data.get(f"{name}-{place}-line", "")).strip()
            if line:
                typed.append(line)
        return typed

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Both lists with some empty rows to go on with, for the page."""
        titles = {"do": ("Do", "Write the way a neighbour would say it."), "dont": ("Don't", "Never promise a date.")}
        return [
            {
                "name": name,
                "title": title,
                "example": example,
                "lines": self.lines(name) + [""] * EMPTY_ROWS,
                "errors": self.line_errors[name],
            }
            for name, (title, example) in titles.items()
        ]

    @property
    def tones(self) -> tuple[str, ...]:
        return TONES

    def brand_file(self) -> dict[str, Any]:
        """The file as typed. Raises nothing: `save_client` checks it."""
        cleaned = self.cleaned_data
        voice: dict[str, Any] = {
            "primary_tone": cleaned["primary_tone"],
            "secondary_tone": cleaned["secondary_tone"],
            "personality_traits": list(dict.fromkeys([*cleaned["traits"], *cleaned["more_traits"]])),
            "language_style": cleaned["language_style"].strip(),
        }
        said: dict[str, Any] = {name: value for name, value in voice.items() if value}
        if cleaned["emojis_allowed"]:
            said["emojis_allowed"] = cleaned["emojis_allowed"] == "yes"
        brand = {name: cleaned[name] for name in ("business_name", "tagline", "vertical")}
        brand |= {"voice": said, "do": self.lines("do"), "dont": self.lines("dont")}
        return {name: value for name, value in brand.items() if value}

    def tell(self, error: AssayError) -> None:
        rest = []
        for one in error.errors:
            name = next((it for it in ("dont", "do") if one.pointer.startswith(f"/brand_file/{it}")), None)
            if name is None:
                rest.append(one)
            else:
                self.line_errors[name].append(one.detail)
                self.add_error(None, one.detail)
        if rest or not error.errors:
            tell(self, AssayError(error.code, error.detail, errors=rest), FIELDS)


def _initial(brand: dict[str, Any]) -> dict[str, Any]:
    voice = brand.get("voice") or {}
    traits = voice.get("personality_traits") or []
    emojis = voice.get("emojis_allowed")
    return {
        **{name: brand.get(name) or "" for name in ("business_name", "tagline", "vertical")},
        **{name: voice.get(name) or "" for name in ("primary_tone", "secondary_tone", "language_style")},
        "traits": [it for it in traits if it in TRAITS],
        "more_traits": [it for it in traits if it not in TRAITS],
        "emojis_allowed": "" if emojis is None else "yes" if emojis else "no",
    }
