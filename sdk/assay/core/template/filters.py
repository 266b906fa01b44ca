"""The closed list of filters. None can make its input grow by more than a small constant factor.

Each filter takes the run, the value, where it comes from, and its arguments, which are constants.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from jinja2.filters import do_title, do_wordcount

from assay.core.template.run import LARGEST_NUMBER, MAX_LOOP, Run, Where, bad_value, text_of, too_large
from assay.core.template.uses import Kind

MAX_SEPARATOR = 32
MAX_LENGTH = 2**20
LEEWAY = 5  # Jinja2's own: a text this little too long is left whole by `truncate`


class Filter(NamedTuple):
    """A filter: the function, how it uses its input, and the checks of its arguments."""

    apply: Callable[..., Any]
    kind: Kind = "print"
    checks: tuple[Callable[[Any], bool], ...] = ()

    def takes(self, arguments: list[Any]) -> bool:
        """Whether the arguments are such as it takes; all of them may be left out."""
        pairs = zip(self.checks, arguments, strict=False)
        return len(arguments) <= len(self.checks) and all(fits(argument) for fits, argument in pairs)


def _string(run: Run, value: object, where: Where) -> str:
    text = value if type(value) is str else text_of(value, where)
    run.spend(len(text) >> 3)
    return text


def _words(run: Run, value: object, where: Where) -> str:
    """A text that is about to be cut into words, which costs far more than anything done to it whole."""
    text = _string(run, value, where)
    run.spend(2 * len(text))
    return text


def _bounded(run: Run, text: str) -> str:
    if len(text) > run.limit:
        raise too_large()
    return text


def _capitalize(run: Run, value: object, where: Where) -> str:
    return _bounded(run, _string(run, value, where).capitalize())


def _lower(run: Run, value: object, where: Where) -> str:
    return _bounded(run, _string(run, value, where).lower())


def _upper(run: Run, value: object, where: Where) -> str:
    return _bounded(run, _string(run, value, where).upper())


def _title(run: Run, value: object, where: Where) -> str:
    return _bounded(run, do_title(_words(run, value, where)))


def _trim(run: Run, value: object, where: Where, characters: str | None = None) -> str:
    return _string(run, value, where).strip(characters)


def _truncate(  # noqa: PLR0917 - the order of the arguments is Jinja2's
    run: Run,
    value: object,
    where: Where,
    length: int = 255,
    killwords: bool = False,
    end: str = "...",
    leeway: int = LEEWAY,
) -> str:
    text = _string(run, value, where)
    if len(text) <= length + leeway:
        return text
    cut = text[: max(0, length - len(end))]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _wordcount(run: Run, value: object, where: Where) -> int:
    return do_wordcount(_words(run, value, where))


def _length(_run: Run, value: object, where: Where) -> int:
    if value is None:
        return 0
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise bad_value(where, "has no length.")


def _first(_run: Run, value: object, where: Where) -> Any:
    return _end(value, where, 0)


def _last(_run: Run, value: object, where: Where) -> Any:
    return _end(value, where, -1)


def _end(value: object, where: Where, index: int) -> Any:
    if value is None:
        return None
    if isinstance(value, (str, list)):
        return value[index] if value else None
    raise bad_value(where, "is neither a list nor a text.")


def _join(run: Run, value: object, where: Where, separator: str = "") -> str:
    if value is None:
        return ""
    if not isinstance(value, list):
        raise bad_value(where, "is not a list.")
    if len(value) > MAX_LOOP:
        raise bad_value(where, f"holds {len(value)} items; join takes at most {MAX_LOOP}.")
    run.spend(4 * len(value))
    pieces = [item if type(item) is str else text_of(item, where) for item in value]
    # Counted before it is made: the same long text may stand in the list a thousand times.
    if sum(map(len, pieces)) + len(separator) * len(pieces) > run.limit:
        raise too_large()
    return _string(run, separator.join(pieces), where)


def _round(_run: Run, value: object, where: Where, precision: int = 0) -> float | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and -LARGEST_NUMBER < value < LARGEST_NUMBER:
        return round(float(value), precision)
    raise bad_value(where, "is not a number of ordinary size.")


def _tojson(run: Run, value: object, where: Where) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        raise bad_value(where, "cannot be written as JSON.") from None
    run.spend(len(text) >> 1)
    return _bounded(run, text)


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_SEPARATOR


def _is_length(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_LENGTH


def _is_flag(value: object) -> bool:
    return type(value) is bool


def _is_precision(value: object) -> bool:
    return type(value) is int and -12 <= value <= 12


FILTERS = {
    "capitalize": Filter(_capitalize),
    "count": Filter(_length, "sized"),
    "first": Filter(_first, "sized"),
    "join": Filter(_join, "list", (_is_short,)),
    "last": Filter(_last, "sized"),
    "length": Filter(_length, "sized"),
    "lower": Filter(_lower),
    "round": Filter(_round, "print", (_is_precision,)),
    "title": Filter(_title),
    "tojson": Filter(_tojson, "any"),
    "trim": Filter(_trim, "print", (_is_short,)),
    "truncate": Filter(_truncate, "print", (_is_length, _is_flag, _is_short, _is_length)),
    "upper": Filter(_upper),
    "wordcount": Filter(_wordcount),
}
