"""Take a batch apart whose JSON is odd somewhere, so that this costs the item it is in and no other."""

import re

from assay.core.errors import AssayError, single

from agents.telemetry.odd_json import no_json

_SPACE = rb"[ \t\n\r]*"
_HEAD = re.compile(rb"%b(?:\{%b(?:\"items\"%b(?::%b(\[)?)?)?)?" % ((_SPACE,) * 4))
_TAIL = re.compile(rb"\]%b(?:(,)|\}%b(\Z)?)?" % ((_SPACE,) * 2))
# A string ends at the next quote: escaped ones are blanked out before. Many strings, lists or objects that hold none,
# and brackets that follow each other are one step; not all of them at once, for what repeats takes room.
_STRINGS = rb'(?P<strings>(?:"[^"]*+"?[^"%b\[\]{}]*+){1,500}+)'
_LEAVES = rb'(?P<leaves>(?:[\[{](?:[^"\[\]{}]*+"[^"]*+"){0,20}+[^"\[\]{}]*+[\]}][^"\[\]{}]*+){1,500}+)'
_BRACKETS = rb"(?P<begin>[\[{]++)|(?P<end>[\]}]++)"
_AMONG_ITEMS = re.compile(b"|".join([_STRINGS % b",", _BRACKETS, b"(?P<comma>,)"]))
_WITHIN_ITEM = re.compile(b"|".join([_LEAVES, _STRINGS % b"", _BRACKETS]))


def split_items(body: bytes, *, most: int, most_values: int) -> list[bytes]:
    """The items of `{"items": [...]}`, told apart by quotes and brackets alone, nothing within them checked.

    Of more than `most` of them, the first of those. Time and memory go by the length of the body, however deep it is.
    Raises AssayError: 400 `invalid_json` with the place at which it is no such list, 422 `required` where more than
    `items` is sent, 413 `too_many_values`.
    """
    # Of the same length: places are those of the body.
    blank = body.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    # Each list, each object and every other string is a value, or a value's name.
    if blank.count(b"[") + blank.count(b"{") > most_values or blank.count(b'"') > 4 * most_values:
        raise AssayError("too_many_values", f"A batch may hold {most_values} values at most.", status=413)
    head = _HEAD.match(blank)
    if head is None or head.group(1) is None:
        raise _broken(body, 0 if head is None else head.end())
    items, place = _cut(body, blank, head.end(), most)
    if len(items) > most:
        return items
    tail = _TAIL.match(blank, place)
    if tail is not None and tail.group(1) is not None:
        raise single("required", "/items", "Send an object with a list of `items`, and nothing else.")
    if tail is None or tail.group(2) is None:
        raise _broken(body, place if tail is None else tail.end())
    return items


def _cut(body: bytes, blank: bytes, start: int, most: int) -> tuple[list[bytes], int]:
    """The items from `start` on, and where their list ends, or breaks off."""
    items: list[bytes] = []
    place, depth = start, 0
    while len(items) <= most:
        step = (_WITHIN_ITEM if depth else _AMONG_ITEMS).search(blank, place)
        if step is None:
            return items, len(body)
        place = step.end()
        if step.lastgroup == "comma":
            items.append(body[start : step.start()].strip())
            start = place
        elif step.lastgroup == "begin":
            depth += len(step.group())
        elif step.lastgroup == "end":
            if len(step.group()) > depth:
                place = step.start() + depth
                items.append(body[start:place].strip())
                return items, place
            depth -= len(step.group())
    return items, place


def _broken(body: bytes, place: int) -> AssayError:
    begin = body.rfind(b"\n", 0, place) + 1
    return no_json(body.count(b"\n", 0, place) + 1, len(body[begin:place].decode(errors="replace")) + 1)
