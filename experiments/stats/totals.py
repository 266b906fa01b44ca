"""This file lets you hold what the counted units of an arm add up to: the sufficient statistics of one metric."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from experiments.stats.number import Number


@dataclass(frozen=True, slots=True)
class History:
    """Sums over the units that have a value from before their exposure (for CUPED). All are 0 where none has one.

    A unit's history is a pair, h over g: for a ratio the numerator and denominator of that earlier time, for a
    conversion or a mean the earlier value h and g = 1. A unit without history adds nothing to any sum here, so
    y and x below are those of units with history alone.
    """

    h: Number = 0.0
    g: Number = 0.0
    hh: Number = 0.0
    hg: Number = 0.0
    gg: Number = 0.0
    yh: Number = 0.0
    yg: Number = 0.0
    xh: Number = 0.0
    xg: Number = 0.0
    units: Number = 0.0

    @classmethod
    def of_values(cls, *, units: Number, h: Number, hh: Number, yh: Number, y: Number) -> "History":
        """Of a conversion or a mean: `units` with history, sums of h, h², y·h and of y over those units."""
        return cls(h=h, g=units, hh=hh, hg=h, gg=units, yh=yh, yg=y, xh=h, xg=units, units=units)

    def __add__(self, other: "History") -> "History":
        return History(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Totals:
    """What the counted units of one arm add up to in one metric. One pass over per-unit rows makes it.

    A counted unit is one whose window has closed. It brings a pair, y over x: for a ratio its summed values (capped)
    and summed weights; for a conversion y is 0 or 1 and x is 1; for a mean y is its value (capped) and x is 1.

    units   how many units
    y, x    sums; yy, yx, xx: sums of y², y·x, x²; yyy, yyx, yxx, xxx: sums of the third powers (for the skewness)
    rows    outcomes that these units are made of; late: those among them that came after their unit's window was
            read as closed, and corrected it
    """

    units: Number
    y: Number
    x: Number
    yy: Number
    yx: Number
    xx: Number
    yyy: Number
    yyx: Number
    yxx: Number
    xxx: Number
    history: History = History()
    rows: float = 0.0
    late: float = 0.0

    @classmethod
    def of_conversion(
        cls, units: Number, successes: Number, *, history: History = History(), rows: float = 0.0, late: float = 0.0
    ) -> "Totals":
        return cls.of_mean(units, successes, successes, successes, history=history, rows=rows, late=late)

    @classmethod
    def of_mean(
        cls,
        units: Number,
        y: Number,
        yy: Number,
        yyy: Number,
        *,
        history: History = History(),
        rows: float = 0.0,
        late: float = 0.0,
    ) -> "Totals":
        """Of a mean: sums over units of y, y² and y³."""
        return cls(units, y, units, yy, y, units, yyy, yy, y, units, history, rows, late)

    @classmethod
    def of_units(
        cls, y: NDArray[np.float64], x: NDArray[np.float64] | None = None, history: History = History()
    ) -> "Totals":
        """From each unit's y, and x for a ratio; units run along the first axis."""
        yy, units = y * y, float(y.shape[0])
        if x is None:
            return cls.of_mean(units, y.sum(axis=0), yy.sum(axis=0), (yy * y).sum(axis=0), history=history)
        xx = x * x
        y1, x1, y2, yx, x2 = (each.sum(axis=0) for each in (y, x, yy, y * x, xx))
        y3, yyx, yxx, x3 = (each.sum(axis=0) for each in (yy * y, yy * x, y * xx, xx * x))
        return cls(units, y1, x1, y2, yx, x2, y3, yyx, yxx, x3, history)

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def late_share(self) -> float:
        """The share of late rows, in [0, 1]; 0 without rows."""
        return self.late / self.rows if self.rows else 0.0


def pool(arms: Sequence[Totals]) -> Totals:
    """All arms taken as one sample."""
    return reduce(add, arms)
