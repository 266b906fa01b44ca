"""A plain, closed part of YAML 1.2 that is written one way only, so that git shows what really changed.

Mappings, sequences, strings, numbers, booleans and null. No anchors (a small file could grow to gigabytes), no tags
(a file could name a class), no dates and no `yes`/`no` booleans (Norwegian prompts have the language `no`).
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml
from assay.core.errors import AssayError

MAX_DEPTH = 40
MAX_NUMBER_LENGTH = 40

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Words that other readers of YAML take for booleans: quoted on writing, strings on reading.
_QUOTED_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}
_PLAIN = re.compile(r"[^\W\d][\w./()+-]*(?: [\w./()+-]+)*|\d+\.\d+\.\d+")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str) -> Any:
    """The value that `text` holds; AssayError `invalid_yaml`, with the line, when it is none or holds more than one."""
    try:
        return _value(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(error.problem or "not readable", line) from None
    except yaml.YAMLError as error:
        raise _invalid(str(error).splitlines()[0], 1) from None


def write(value: Any) -> str:
    """`value` as YAML: keys sorted, two spaces, text of several lines as a literal block. `read` gives it back."""
    return "\n".join(_block(value, 0)) + "\n"


def _invalid(detail: str, line: int) -> AssayError:
    return AssayError("invalid_yaml", f"Line {line}: {detail}.", status=400)


class _Open:
    """A mapping or sequence that is still being read, and the key that waits for its value."""

    def __init__(self, container: Any) -> None:
        self.container = container
        self.key: str | None = None

    def put(self, value: Any, line: int) -> None:
        if isinstance(self.container, list):
            self.container.append(value)
            return
        if self.key is None:
            raise _invalid("a key must be a plain string", line)
        self.container[self.key] = value
        self.key = None

    def wants_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None

    def take_key(self, key: str, line: int) -> None:
        if key in self.container:
            raise _invalid(f"the key {key[:80]!r} appears twice", line)
        self.key = key


def _value(events: Iterator[Any]) -> Any:
    root = _Open([])
    stack = [root]
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _invalid("anchors and aliases are not taken", line)
        if isinstance(event, yaml.ScalarEvent):
            _put_scalar(stack[-1], event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            _open_collection(stack, event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = stack.pop()
            stack[-1].put(closed.container, line)
        elif isinstance(event, yaml.DocumentStartEvent) and root.container:
            raise _invalid("one document a file", line)
    return root.container[0] if root.container else None


def _open_collection(stack: list[_Open], event: Any, line: int) -> None:
    if event.tag:
        raise _invalid("tags are not taken", line)
    if len(stack) > MAX_DEPTH:
        raise _invalid(f"nested deeper than {MAX_DEPTH} levels", line)
    if stack[-1].wants_key():
        raise _invalid("a key must be a plain string", line)
    stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else []))


def _put_scalar(into: _Open, event: Any, line: int) -> None:
    if event.tag:
        raise _invalid("tags are not taken", line)
    if into.wants_key():
        into.take_key(event.value, line)
        return
    into.put(event.value if event.style else _scalar(event.value, line), line)


def _scalar(text: str, line: int) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > MAX_NUMBER_LENGTH:
        raise _invalid(f"a number of more than {MAX_NUMBER_LENGTH} characters", line)
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise _invalid("a number too large to hold", line)
    return number


def _block(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _entry(f"{' ' * indent}{_inline(key)}:", value[key], indent, nested=indent + 2)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _entry(f"{' ' * indent}-", item, indent, nested=indent + 2)
    else:
        yield " " * indent + _inline(value)


def _entry(head: str, value: Any, indent: int, *, nested: int) -> Iterator[str]:
    if isinstance(value, str) and _is_literal(value):
        yield from _literal(head + " ", value, nested)
    elif not (isinstance(value, dict | list) and value):
        yield f"{head} {_inline(value)}"
    elif head.endswith("-"):
        # "- key: value": the first line of what is inside stands beside its dash.
        lines = _block(value, nested)
        yield f"{head} {next(lines)[nested:]}"
        yield from lines
    else:
        yield head
        yield from _block(value, indent if isinstance(value, list) else nested)


def _literal(head: str, text: str, indent: int) -> Iterator[str]:
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    chomp = "-" if trailing == 0 else "" if trailing == 1 else "+"
    # The reader guesses the indentation from the first line that is not empty: told, when that one begins with a space.
    hint = str(2) if body[:1] in " \t\n" else ""
    yield f"{head}|{hint}{chomp}"
    for line in body.split("\n"):
        yield " " * indent + line if line else ""
    yield from [""] * max(0, trailing - 1)


def _is_literal(text: str) -> bool:
    return "\n" in text and bool(text.strip("\n")) and not _UNSAFE.search(text)


def _inline(value: Any) -> str:
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _QUOTED_WORDS and not _UNSAFE.search(value)
        return value if is_plain else _quoted(value)
    return json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(text, ensure_ascii=False))
