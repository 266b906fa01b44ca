"""What telemetry may hold: codes and numbers, never content."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assay.core.errors import FieldError, pointer_of

Metadata = dict[str, str | int | float | bool | None]
"""What may be said beside, once it is clean."""

CODE = re.compile(r"[A-Za-z0-9._:/@+-]{1,100}\Z")
# What a caller would name content by. `chain_of_thought` is a word of its own, so that `chain` alone is none.
BLOCKED = (
    "prompt",
    "response",
    "reasoning",
    "thought",
    "message",
    "content",
    "text",
    "output",
    "input",
    "chain_of_thought",
    "explanation",
    "rationale",
)
MOST_METADATA = 50
LARGEST_NUMBER = 1e15

_TERM = f"({'|'.join(BLOCKED)})s?"
_ENDS = re.compile(f"(^|_){_TERM}$")
_BEGINS = re.compile(f"^{_TERM}_")
# Between words: whatever is no letter or digit, a change of case, and a letter beside a digit.
_BORDERS = (
    (re.compile(r"([a-z])([A-Z])"), r"\1_\2"),
    (re.compile(r"([A-Z])([A-Z][a-z])"), r"\1_\2"),
    (re.compile(r"([A-Za-z])([0-9])"), r"\1_\2"),
    (re.compile(r"([0-9])([A-Za-z])"), r"\1_\2"),
    (re.compile(r"[^A-Za-z0-9]+"), "_"),
)


def is_code(text: object) -> bool:
    """Whether this is a code: 1 to 100 of ASCII letters, digits and `. _ : / @ + -`, no spaces."""
    return isinstance(text, str) and CODE.match(text) is not None


def not_a_code(name: str) -> FieldError:
    """What is said of a field that is no code. It does not repeat what was sent: that may be what must not be told."""
    return FieldError(
        f"/{name}",
        "not_a_code",
        f"{name} is a code: 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces.",
    )


def words_of(key: str) -> str:
    """A key's words in lower case, joined by `_`: `toolOutput2` is `tool_output_2`."""
    for border, apart in _BORDERS:
        key = border.sub(apart, key)
    return key.strip("_").lower()


@lru_cache(maxsize=10_000)
def judge_key(key: str) -> str:
    """`taken`, `numbers` (its value must be a number or a boolean), or why it is refused: `not_a_code` or
    `names_content`."""
    if CODE.match(key) is None:
        return "not_a_code"
    words = words_of(key)
    if _ENDS.search(words):
        return "names_content"
    return "numbers" if _BEGINS.match(words) else "taken"


def check_metadata(metadata: Mapping[str, Any]) -> list[FieldError]:
    """What keeps metadata from being stored; pointers begin at the metadata itself.

    Codes: `not_a_code`, `names_content`, `not_a_number`, `not_primitive`, `out_of_range`, `too_many_keys`.
    """
    if len(metadata) > MOST_METADATA:
        return [FieldError("", "too_many_keys", f"Metadata may have {MOST_METADATA} keys at most.")]
    return [
        FieldError(pointer_of([key[:100]]), told, _SENTENCES[told])
        for key, value in metadata.items()
        if (told := _refusal(key, value)) is not None
    ]


def clean_metadata(metadata: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The part of metadata that may be sent, and why the rest may not: a code of `check_metadata` each."""
    refused = {key: told for key, value in metadata.items() if (told := _refusal(key, value)) is not None}
    kept = {key: value for key, value in metadata.items() if key not in refused}
    surplus = list(kept)[MOST_METADATA:]
    for key in surplus:
        del kept[key]
    return kept, [*refused.values(), *["too_many_keys"] * len(surplus)]


_SENTENCES = {
    "not_a_code": "A key and a string are codes: 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces.",
    "names_content": "A key that names content is not taken: telemetry holds codes and numbers.",
    "not_a_number": "What begins with a word for content holds a number or a boolean.",
    "not_primitive": "A value is a code, a number, a boolean or null.",
    "out_of_range": "A number is finite, and its size 10^15 at most.",
}


def _refusal(key: Any, value: Any) -> str | None:
    verdict = judge_key(key) if isinstance(key, str) else "not_a_code"
    if verdict not in ("taken", "numbers"):
        return verdict
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        # Neither infinity nor what is no number compares as smaller; math.isfinite raises for an int beyond all floats.
        return None if abs(value) <= LARGEST_NUMBER else "out_of_range"
    return "not_a_number" if verdict == "numbers" else _refusal_of_word(value)


def _refusal_of_word(value: Any) -> str | None:
    if value is None or is_code(value):
        return None
    return "not_a_code" if isinstance(value, str) else "not_primitive"
