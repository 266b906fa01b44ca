"""What a template may do with values: look into them by key and place, and compare them."""

from collections.abc import Callable
from typing import Any

from assay.core.template.run import Read, Run, Where, bad_value, missing

Holds = Callable[[Run, Any, Any, Where], bool]


def read_slot(slot: int) -> Read:
    """Reads a loop variable."""
    return lambda run: run.slots[slot]


def read_name(name: str, where: Where) -> Read:
    """Reads a variable."""

    def read(run: Run) -> Any:
        try:
            return run.values[name]
        except KeyError:
            raise missing(where) from None

    return read


def read_key(inner: Read, key: str, parent: Where, where: Where, *, lenient: bool) -> Read:
    """Reads a key of an object, never a Python attribute. What is inside of null is null."""

    def read(run: Run) -> Any:
        value = inner(run)
        if type(value) is dict:
            if key in value:
                return value[key]
            if lenient:
                return None
            raise missing(where)
        if value is None:
            return None
        raise bad_value(parent, "is not an object, so nothing can be looked up in it.")

    return read


def read_index(inner: Read, index: Read, parent: Where, where: Where, *, lenient: bool) -> Read:
    """Reads a place of a list or a key of an object. What is inside of null is null."""

    def read(run: Run) -> Any:
        value, place = inner(run), index(run)
        if value is None:
            return None
        if type(value) is list and type(place) is int:
            if -len(value) <= place < len(value):
                return value[place]
        elif type(value) is dict and type(place) is str:
            if place in value:
                return value[place]
        else:
            raise bad_value(parent, "is not a list or an object that has such an index.")
        if lenient:
            return None
        raise missing(where)

    return read


def facts_of_loop(index: int, length: int) -> dict[str, Any]:
    """What `loop` holds in the round of this index, which starts at 0."""
    return {
        "index": index + 1,
        "index0": index,
        "revindex": length - index,
        "revindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
    }


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _equal(run: Run, left: Any, right: Any, where: Where) -> bool:
    if not (_is_plain(left) and _is_plain(right)):
        raise bad_value(where, "cannot be compared: lists and objects have no equals here.")
    if type(left) is str and type(right) is str and len(left) == len(right):
        run.spend(len(left) >> 8)
    return bool(left == right)


def _unequal(run: Run, left: Any, right: Any, where: Where) -> bool:
    return not _equal(run, left, right, where)


def _ordered(compare: Callable[[Any, Any], bool]) -> Holds:
    """An order between two numbers or two texts. Null stands in no order to anything."""

    def holds(run: Run, left: Any, right: Any, where: Where) -> bool:
        if left is None or right is None:
            return False
        if type(left) is str and type(right) is str:
            run.spend(min(len(left), len(right)) >> 8)
        elif not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            raise bad_value(where, "cannot be compared: an order needs two numbers or two texts.")
        return compare(left, right)

    return holds


COMPARISONS: dict[str, Holds] = {
    "eq": _equal,
    "ne": _unequal,
    "lt": _ordered(lambda left, right: bool(left < right)),
    "lteq": _ordered(lambda left, right: bool(left <= right)),
    "gt": _ordered(lambda left, right: bool(left > right)),
    "gteq": _ordered(lambda left, right: bool(left >= right)),
}


def contains(*, negated: bool) -> Holds:
    """`in` and `not in`: a text in a text, a plain value in a list, a key in an object; nothing is in null."""

    def holds(run: Run, left: Any, right: Any, where: Where) -> bool:
        return _is_in(run, left, right, where) is not negated

    return holds


def _is_in(run: Run, left: Any, right: Any, where: Where) -> bool:
    if right is None:
        return False
    if not _is_plain(left):
        raise bad_value(where, "cannot be looked for: it is a list or an object.")
    if isinstance(right, str):
        if not isinstance(left, str):
            raise bad_value(where, "cannot be looked for in a text: it is not a text.")
        run.spend((len(left) + len(right)) >> 4)
        return left in right
    if isinstance(right, (list, tuple)):
        weight = 1 + (len(left) >> 8 if isinstance(left, str) else 0)
        run.spend(len(right) * weight)
        return any(_is_plain(item) and item == left for item in right)
    if isinstance(right, dict):
        return isinstance(left, str) and left in right
    raise bad_value(where, "cannot be looked for: what is to the right of 'in' holds nothing.")
