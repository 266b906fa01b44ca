"""Tell what one row of a file says: a prompt of an export, a prompt of one text, or nothing that can be taken."""

import math
import re
from typing import Any, TypeVar

import msgspec

from vault.prompt_files.placeholders import to_template
from vault.prompt_files.record import FORMAT, PromptRecord, Record, Refusal, Row, TextRecord

# By the first of these that a row has. `prompt` and `text` are what people write, braces and all; `content` and
# `template` may be a template of Assay's own.
NAME_KEYS = ("name", "act", "title")
CONTENT_KEYS = ("content", "template", "prompt", "text")
FIELDS = (
    "language",
    "category",
    "vertical",
    "platform",
    "agent_code",
    "technique",
    "source",
    "example_input",
    "example_output",
)
OTHER_KEYS = ("kind", "variables", "model_settings", "tags", "for_devs", "type")
KNOWN_KEYS = frozenset((*NAME_KEYS, *CONTENT_KEYS, *FIELDS, *OTHER_KEYS))

LONGEST_FIELD = 1024 * 1024
DEEPEST = 40

_OWN_SYNTAX = re.compile(r"\{%[-+]?\s*(?:if|for|raw)\b|\{\{[-+]?\s*brand\b")
_SURROGATE = re.compile("[\ud800-\udfff]")
_POINTER = re.compile(r" - at `\$(?P<path>.*)`$")


_R = TypeVar("_R", PromptRecord, TextRecord)


class _Refused(Exception):
    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(code)
        self.refusal = Refusal(code, detail, pointer)


def to_record(raw: Any, *, file: str, number: int) -> Row:
    """The row of what a file holds at this place."""
    try:
        if not isinstance(raw, dict):
            raise _Refused("invalid_record", "A prompt is an object with a name and a text.")
        _check_values(raw)
        record: Record = _exported(raw) if "versions" in raw or "format" in raw else _single(raw)
    except _Refused as refused:
        name = next((raw[key] for key in NAME_KEYS if key in raw), "") if isinstance(raw, dict) else ""
        return Row(file, number, printable(str(name)[:80]), None, refused.refusal)
    ignored = sorted(printable(key[:80]) for key in raw.keys() - KNOWN_KEYS) if isinstance(record, TextRecord) else []
    return Row(file, number, printable(record.name[:80]), record, ignored=tuple(ignored))


def printable(text: str) -> str:
    """A text as it can be shown on a terminal, which would obey what stands in it otherwise."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _check_values(raw: dict[str, Any]) -> None:
    """Nothing in a row may be what a database, JSON or a template cannot hold."""
    waiting: list[tuple[str, Any, int]] = [("", raw, 0)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise _Refused("nested_too_deeply", f"Nested deeper than {DEEPEST} levels.", pointer[:200])
        if isinstance(value, str):
            _check_text(pointer, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise _Refused("invalid_number", "A number that is none, or too large to hold.", pointer)
        elif isinstance(value, dict):
            for key in value:
                _check_text(pointer, key)
            waiting.extend((f"{pointer}/{_escaped(key)}", item, depth + 1) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{pointer}/{index}", item, depth + 1) for index, item in enumerate(value))


def _escaped(key: str) -> str:
    return key[:100].replace("~", "~0").replace("/", "~1")


def _check_text(pointer: str, text: str) -> None:
    if len(text) > LONGEST_FIELD:
        raise _Refused("field_too_large", f"A field holds {LONGEST_FIELD >> 20} MiB at most.", pointer)
    if "\x00" in text:
        raise _Refused("nul_character", "The text holds a NUL character.", pointer)
    lone = _SURROGATE.search(text)
    if lone:
        # Bytes that are no UTF-8 were read as the second half of a pair, U+DC80 to U+DCFF.
        if "\udc80" <= lone.group() <= "\udcff":
            raise _Refused("invalid_utf8", "The text holds bytes that are no UTF-8.", pointer)
        raise _Refused("lone_surrogate", "The text holds half a character (a lone surrogate).", pointer)


def _exported(raw: dict[str, Any]) -> PromptRecord:
    if raw.get("format") != FORMAT:
        raise _Refused("unknown_format", f"A prompt with versions says `format: {FORMAT}`.", "/format")
    return _convert(raw, PromptRecord)


def _single(raw: dict[str, Any]) -> TextRecord:
    name = _first(raw, NAME_KEYS, "missing_name", "The row has no name")
    content = _first(raw, CONTENT_KEYS, "missing_text", "The row has no text")
    given: dict[str, Any] = {key: raw[key] for key in ("variables", "model_settings") if key in raw}
    given |= {key: raw[key] for key in FIELDS if key in raw}
    given["kind"] = raw.get("kind", "text" if isinstance(content, str) else "chat")
    if isinstance(content, str) and not _is_own_template(raw):
        converted = to_template(content.replace("\r\n", "\n").replace("\r", "\n"))
        content = converted.template
        given["variables"] = converted.variables
    if {"tags", "for_devs", "type"} & raw.keys():
        given["tags"] = _tags(raw)
    if isinstance(name, str):
        name = " ".join(name.split())
    return _convert({"name": name, "content": content, **given}, TextRecord)


def _first(raw: dict[str, Any], keys: tuple[str, ...], code: str, detail: str) -> Any:
    for key in keys:
        value = raw.get(key)
        if value is not None and (not isinstance(value, str) or value.strip()):
            return value
    raise _Refused(code, f"{detail}: {', '.join(keys)}.", f"/{next((key for key in keys if key in raw), keys[0])}")


def _is_own_template(raw: dict[str, Any]) -> bool:
    key = next(key for key in CONTENT_KEYS if raw.get(key))
    return "variables" in raw or (key in ("content", "template") and bool(_OWN_SYNTAX.search(raw[key])))


def _tags(raw: dict[str, Any]) -> Any:
    tags = raw.get("tags") or []
    if isinstance(tags, str):
        tags = tags.split(",")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise _Refused("invalid_record", "Tags are a list of strings, or one string with commas.", "/tags")
    found = [tag.strip() for tag in tags]
    # The columns of prompts.chat: whether a prompt is for developers, and what kind of text it is.
    if str(raw.get("for_devs", "")).strip().lower() in ("true", "1", "yes"):
        found.append("for-devs")
    found.append(str(raw.get("type", "")).strip().lower())
    return sorted({tag for tag in found if tag})


def _convert(raw: dict[str, Any], into: type[_R]) -> _R:
    try:
        return msgspec.convert(raw, into)
    except msgspec.ValidationError as error:
        detail = str(error)
        found = _POINTER.search(detail)
        pointer = re.sub(r"\.|\[(\d+)\]", lambda m: "/" + (m[1] or ""), found["path"]) if found else ""
        raise _Refused("invalid_record", _POINTER.sub("", detail)[:300] + ".", pointer) from None
