"""This file lets you see what changed between two versions. Pure."""

from collections.abc import Iterator
from difflib import SequenceMatcher, unified_diff
from typing import Any, Literal

import msgspec

from vault.models import Version

# The matcher's time grows with the product of both lengths; beyond this the middle is told as replaced at once.
MOST_COMPARISONS = 1_000_000


class Line(msgspec.Struct, frozen=True):
    """One line of the texts. `from_line` and `to_line` count from 1; null where the line is not."""

    change: Literal["equal", "removed", "added"]
    from_line: int | None
    to_line: int | None
    text: str


class Change(msgspec.Struct, frozen=True):
    """A value that differs: `pointer` says where, `before` and `after` are null where it is not."""

    pointer: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Named(msgspec.Struct, frozen=True):
    """A version by its names."""

    id: str
    number: str


class Difference(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What changed from one version to another: a unified diff to read, and the same as lines to draw."""

    from_: Named
    to: Named
    is_same: bool
    unified: str
    lines: list[Line]
    variables: list[Change]
    model_settings: list[Change]


def compare_versions(old: Version, new: Version) -> Difference:
    """What changed from `old` to `new`; a chat is compared as one text, each message under its role."""
    before, after = old.readable.splitlines(), new.readable.splitlines()
    lines = list(_lines(before, after))
    variables = list(_changes(old.variables, new.variables, ""))
    settings = list(_changes(old.model_settings, new.model_settings, ""))
    text_is_same = (old.kind, old.content) == (new.kind, new.content)
    return Difference(
        from_=Named(str(old.pk), old.number),
        to=Named(str(new.pk), new.number),
        is_same=text_is_same and not variables and not settings,
        unified="" if before == after else _unified(before, after, old.number, new.number),
        lines=lines,
        variables=variables,
        model_settings=settings,
    )


def _unified(before: list[str], after: list[str], old: str, new: str) -> str:
    if len(before) * len(after) > MOST_COMPARISONS:
        head = [f"--- {old}", f"+++ {new}", f"@@ -1,{len(before)} +1,{len(after)} @@"]
        marks = {"equal": " ", "removed": "-", "added": "+"}
        return "\n".join([*head, *(marks[line.change] + line.text for line in _lines(before, after))])
    return "\n".join(unified_diff(before, after, old, new, lineterm=""))


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    for change, start, end, new_start, new_end in _blocks(before, after):
        if change == "equal":
            for offset in range(end - start):
                yield Line("equal", start + offset + 1, new_start + offset + 1, before[start + offset])
            continue
        for place in range(start, end):
            yield Line("removed", place + 1, None, before[place])
        for place in range(new_start, new_end):
            yield Line("added", None, place + 1, after[place])


def _blocks(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What to do with which lines of both, as SequenceMatcher says it."""
    if len(before) * len(after) <= MOST_COMPARISONS:
        return list(SequenceMatcher(None, before, after).get_opcodes())
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next((i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), shorter - head)
    old_end, new_end = len(before) - tail, len(after) - tail
    return [
        ("equal", 0, head, 0, head),
        ("replace", head, old_end, head, new_end),
        ("equal", old_end, len(before), new_end, len(after)),
    ]


def _changes(before: Any, after: Any, pointer: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            step = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in before:
                yield Change(step, "added", None, after[key])
            elif key not in after:
                yield Change(step, "removed", before[key], None)
            else:
                yield from _changes(before[key], after[key], step)
    elif before != after or type(before) is not type(after):
        yield Change(pointer, "changed", before, after)
