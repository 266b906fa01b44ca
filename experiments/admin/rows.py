"""This file lets a form hold lists whose rows are typed one below the other: arms, guardrails, ramp steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from experiments.models.experiments import WHOLE


@dataclass(slots=True)
class Row:
    """What was typed in one row, by part, and what is wrong with it."""

    place: int
    values: dict[str, str]
    errors: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(self.values.values())


class Rows:
    """Fields named `<name>-<place>-<part>`. A row that is left empty is not there."""

    def __init__(
        self,
        name: str,
        parts: Sequence[str],
        *,
        typed: Mapping[str, str] | None,
        initial: Sequence[Mapping[str, str]] = (),
        most: int = 20,
        spare: int = 1,
    ) -> None:
        self.name = name
        self.errors: list[str] = []
        if typed is None:
            given = [{part: row.get(part, "") for part in parts} for row in initial]
        else:
            given = [{part: typed.get(f"{name}-{place}-{part}", "").strip() for part in parts} for place in range(most)]
        filled = [values for values in given if any(values.values())]
        empty = [dict.fromkeys(parts, "") for _ in range(max(0, min(spare, most - len(filled))))]
        self.rows = [Row(place, values) for place, values in enumerate([*filled, *empty])]

    @property
    def filled(self) -> list[Row]:
        return [row for row in self.rows if not row.is_empty]

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(row.errors for row in self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def tell(self, place: int | None, told: str) -> None:
        """Say what is wrong with one of the filled rows, or with all of them together."""
        filled = self.filled
        where = filled[place].errors if place is not None and place < len(filled) else self.errors
        where.append(told)


def ten_thousandths(typed: str) -> int:
    """A percentage as typed, in whole ten-thousandths. Raises ValueError, with words for people."""
    exact = number(typed) * WHOLE / 100
    if exact != int(exact):
        raise ValueError("A percentage has two decimals at most.")
    return int(exact)


def number(typed: str) -> Decimal:
    """A finite number as typed, with a point or a comma. Raises ValueError, with words for people."""
    try:
        value = Decimal(typed.replace("%", "").replace(",", ".").strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 10**12:
        raise ValueError(f"{typed[:20]!r} is no number." if typed else "Say a number.")
    return value


def percent(share: float) -> str:
    """Ten-thousandths as a percentage to be typed: 3333 is 33.33."""
    return f"{share / 100:.2f}".rstrip("0").rstrip(".")
