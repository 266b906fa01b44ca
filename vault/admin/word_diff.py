"""This file lets a difference be read: word by word where a line changed, and short where nothing did. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from vault.compare_versions import Line

WORD = re.compile(r"\s+|\w+|[^\w\s]")
CONTEXT = 3
# Two lines less alike than this are told as one gone and one new.
ALIKE = 0.4
LONGEST_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line to draw. `change` is equal, removed, added, or skipped with `count` lines; `words` are (changed, text)."""

    change: str
    words: list[tuple[bool, str]]
    count: int = 0


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """The lines as rows, a changed line after the one it replaces."""
    rows: list[Row] = []
    blocks = [(equal, list(block)) for equal, block in groupby(lines, lambda line: line.change == "equal")]
    for place, (equal, block) in enumerate(blocks):
        if equal:
            rows += _shortened(block, first=place == 0, last=place == len(blocks) - 1)
        else:
            rows += _changed(block)
    return rows


def _shortened(block: list[Line], *, first: bool, last: bool) -> Iterator[Row]:
    head, tail = 0 if first else CONTEXT, 0 if last else CONTEXT
    skipped = len(block) - head - tail
    for place, line in enumerate(block):
        if skipped < 2 or place < head or place >= len(block) - tail:
            yield Row("equal", [(False, line.text)])
        elif place == head:
            yield Row("skipped", [], skipped)


def _changed(block: list[Line]) -> Iterator[Row]:
    removed = [line.text for line in block if line.change == "removed"]
    added = [line.text for line in block if line.change == "added"]
    for old, new in zip_longest(removed, added):
        if old is not None and new is not None:
            before, after = _words(old, new)
        else:
            before, after = [(False, old or "")], [(False, new or "")]
        if old is not None:
            yield Row("removed", before)
        if new is not None:
            yield Row("added", after)


def _words(old: str, new: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    if len(old) > LONGEST_COMPARED or len(new) > LONGEST_COMPARED:
        return [(False, old)], [(False, new)]
    before, after = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [(False, old)], [(False, new)]
    left: list[tuple[bool, str]] = []
    right: list[tuple[bool, str]] = []
    for change, start, end, new_start, new_end in matcher.get_opcodes():
        if end > start:
            left.append((change != "equal", "".join(before[start:end])))
        if new_end > new_start:
            right.append((change != "equal", "".join(after[new_start:new_end])))
    return left, right
