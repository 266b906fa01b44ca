"""Turn the placeholders that people write into variables, and keep every other brace as it stands."""

import re
from dataclasses import dataclass, field
from typing import Any

LONGEST_NAME = 60

# What may stand between the braces before a colon: words. `${total + 1}` is somebody's code and stays as it is.
_WORDS = r"[^\W\d][\w ,.'’/&-]{0,199}"
_PLACEHOLDER = re.compile(
    # ${name} ${name:a default} ${name:-a default}
    rf"\$\{{[ \t]{{0,9}}(?P<dollar>{_WORDS}?)[ \t]{{0,9}}(?::(?:-(?!\d))?(?P<dollar_default>[^{{}}\n]*))?\}}"
    # {{name}} {{ a name }} {{ name | default("a default") }}
    r"|(?<!\{)\{\{[ \t]{0,9}(?P<double>[^\W\d][\w .-]{0,79}?)[ \t]{0,9}"
    r"(?:\|[ \t]?default\([ \t]?(?P<quote>[\"'])(?P<double_default>[^{}\n]*?)(?P=quote)[ \t]?\)[ \t]{0,9})?\}\}(?!\})"
    # {{name:a default}}, tight, for {{ width: 100 }} is a style in a program
    r"|(?<![={])\{\{(?P<tight>[^\W\d]\w{0,79}):(?P<tight_default>[^{}\s][^{}\n]*)\}\}(?!\})"
)
# What Jinja2 would take for the start of something.
_OPENING = re.compile(r"\{\{+[%#]?|\{[%#]")

# Names that mean something else in a template.
RESERVED = frozenset(
    [
        "and",
        "brand",
        "caller",
        "elif",
        "else",
        "false",
        "False",
        "for",
        "if",
        "in",
        "is",
        "loop",
        "none",
        "None",
        "not",
        "or",
        "recursive",
        "self",
        "super",
        "true",
        "True",
    ]
)


@dataclass(frozen=True, slots=True)
class Converted:
    """A template, and the schema of its variables (an object of strings)."""

    template: str
    variables: dict[str, Any]


@dataclass
class _Names:
    """The variables so far, by the author's name and default. Each default of one name is a variable of its own."""

    first_default: dict[str, str]
    taken: dict[tuple[str, str | None], str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)

    def variable(self, name: str, default: str | None, written: str) -> str:
        if default is None:
            default = self.first_default.get(name)
        known = self.taken.get((name, default))
        if known is not None:
            return known
        variable, count = name, 1
        while variable in self.properties:
            count += 1
            variable = f"{name}_{count}"
        self.taken[name, default] = variable
        self.properties[variable] = {"type": "string"} if default is None else {"type": "string", "default": default}
        if written != variable:
            self.properties[variable]["description"] = f"Written {written!r}."
        if default is None:
            self.required.append(variable)
        return variable


def to_template(text: str) -> Converted:
    """The template of a text with placeholders: `${name:default}`, `${name}`, `{{name}}`, `{{name:default}}`,
    `{{ name | default("…") }}`.

    Rendered with its defaults it is the author's text with the defaults filled in. A name that is none for Jinja2 is
    made one (`Company Type` becomes `Company_Type`) and described as it was written; a placeholder without a default
    is a required variable.
    """
    found = list(_placeholders(text))
    first_default: dict[str, str] = {}
    for _, name, default, _ in found:
        if default is not None:
            first_default.setdefault(name, default)
    names = _Names(first_default)
    parts: list[str] = []
    end = 0
    for match, name, default, written in found:
        parts.append(_literal(text[end : match.start()], before_variable=True))
        parts.append(f"{{{{ {names.variable(name, default, written)} }}}}")
        end = match.end()
    parts.append(_literal(text[end:], before_variable=False))
    schema = {
        "type": "object",
        "properties": names.properties,
        "required": names.required,
        "additionalProperties": False,
    }
    return Converted("".join(parts), schema)


def _placeholders(text: str) -> "list[tuple[re.Match[str], str, str | None, str]]":
    found = []
    for match in _PLACEHOLDER.finditer(text):
        written = (match["dollar"] or match["double"] or match["tight"]).strip()
        default = next(
            (match[name] for name in ("dollar_default", "double_default", "tight_default") if match[name] is not None),
            None,
        )
        name = _variable_name(written)
        if name:
            found.append((match, name, default.strip() if default is not None else None, written))
    return found


def _variable_name(written: str) -> str:
    name = re.sub(r"\W+", "_", written)[:LONGEST_NAME].strip("_")
    return f"{name}_value" if name in RESERVED else name


def _literal(text: str, *, before_variable: bool) -> str:
    escaped = _OPENING.sub(lambda match: _raw(match.group()), text)
    if before_variable and escaped.endswith("{"):
        # A brace that stands right before a variable would read as part of its opening.
        return escaped[:-1] + _raw("{")
    return escaped


def _raw(text: str) -> str:
    return f"{{% raw %}}{text}{{% endraw %}}"
