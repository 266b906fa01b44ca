"""This file lets a form take what people type for JSON, lists and lines, and say an AssayError at its fields."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from assay.core.errors import AssayError
from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget


class TextWidget(UnfoldAdminTextInputWidget):
    """One line."""


class AreaWidget(UnfoldAdminTextareaWidget):
    """Several lines, as many as there are."""

    def __init__(self, rows: int = 3, *, code: bool = False, **attrs: Any) -> None:
        super().__init__(
            {"rows": rows, "class": "as-code-input" if code else "as-area", "spellcheck": "false", **attrs}
        )


class LongText(forms.CharField):
    """A text as it was typed: spaces stay, line ends are those of every other system."""

    def __init__(self, *, rows: int = 3, code: bool = False, **options: Any) -> None:
        super().__init__(strip=False, widget=AreaWidget(rows, code=code), **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class JSONText(LongText):
    """JSON to be typed; nothing typed is None."""

    def __init__(self, *, rows: int = 6, **options: Any) -> None:
        super().__init__(rows=rows, code=True, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is no JSON: {error}.", code="invalid_json") from None


class CommaList(forms.CharField):
    """Short words, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        words = (word.strip() for word in (super().to_python(value) or "").split(","))
        return list(dict.fromkeys(word for word in words if word))


class OneOf(forms.ChoiceField):
    """A choice as chips, one of which is chosen."""

    def __init__(self, choices: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(choices=choices, widget=forms.RadioSelect, **options)


def tell(form: forms.Form, error: AssayError, names: Mapping[str, str]) -> None:
    """Say at each field what is wrong with it. `names`: the beginning of a pointer to the field's name, longest first.

    What has no field is said above the form.
    """
    told = [(one.pointer, one.detail) for one in error.errors] or [("", error.detail)]
    for pointer, detail in told:
        field = next(
            (name for start, name in names.items() if pointer == start or pointer.startswith(f"{start}/")), None
        )
        form.add_error(field if field in form.fields else None, detail)
