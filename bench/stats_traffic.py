"""This file lets you make the traffic of thousands of experiments at once, as the totals of each arm at each look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.stats.totals import History, Totals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Each unit's y; x for a ratio; and the value h from before, where CUPED is to use one, of those that have it."""

    y: Floats
    x: Floats | None = None
    h: Floats | None = None
    has: Floats | None = None


# Draws this many units.
Values = Callable[[Generator, int], Units]

SUMS = ("units", "y", "x", "yy", "yx", "xx", "yyy", "yyx", "yxx", "xxx")
UNITS_AT_ONCE = 1_500_000


@dataclass(frozen=True)
class Traffic:
    """Many experiments alike. `arms`: each arm's totals, arrays of shape (experiments, looks). `shares` sum to 1."""

    arms: tuple[Totals, ...]
    shares: tuple[float, ...]
    units: int


def even_looks(units: int, looks: int, first: int = 20) -> NDArray[np.int64]:
    """Units in all at each look: even from `first` to `units`."""
    return np.unique(np.linspace(first, units, looks).round().astype(np.int64))


def conversions(
    rng: Generator, *, experiments: int, looks: NDArray[np.int64], shares: Sequence[float], rates: Sequence[float]
) -> Traffic:
    """Units fall on arms by chance, and each converts with its arm's rate."""
    plan = np.asarray(shares, dtype=np.float64) / sum(shares)
    steps = np.diff(looks, prepend=0)
    counts = rng.multinomial(np.broadcast_to(steps, (experiments, len(steps))), plan)
    arms = []
    for arm, rate in enumerate(rates):
        successes = rng.binomial(counts[..., arm], rate)
        units = counts[..., arm].cumsum(axis=1).astype(np.float64)
        arms.append(Totals.of_conversion(units, successes.cumsum(axis=1).astype(np.float64)))
    return Traffic(tuple(arms), tuple(plan), int(looks[-1]))


def measured(
    rng: Generator, *, experiments: int, looks: NDArray[np.int64], shares: Sequence[float], values: Values
) -> Traffic:
    """Units fall on arms by chance, and each brings a value, or a pair, of the same distribution in all arms."""
    plan = np.asarray(shares, dtype=np.float64) / sum(shares)
    size = max(1, UNITS_AT_ONCE // int(looks[-1]))
    parts = [
        _measured(rng, min(size, experiments - first), looks, plan, values) for first in range(0, experiments, size)
    ]
    arms = tuple(_stacked([part[arm] for part in parts]) for arm in range(len(plan)))
    return Traffic(arms, tuple(plan), int(looks[-1]))


def _measured(
    rng: Generator, experiments: int, looks: NDArray[np.int64], plan: Floats, values: Values
) -> tuple[Totals, ...]:
    shape = experiments, int(looks[-1])
    units = values(rng, experiments * shape[1])
    powers, earlier = _powers(units.y, units.x), _earlier(units)
    dice = rng.random(shape[0] * shape[1])
    edges = np.concatenate(([0.0], np.cumsum(plan)))
    starts = np.concatenate(([0], looks[:-1]))
    arms = []
    for low, high in pairwise(edges):
        mine = ((dice >= low) & (dice < high)).astype(np.float64)
        units_seen = _cumulated(mine, shape, starts)
        totals = _totals(units_seen, [_cumulated(mine * each, shape, starts) for each in powers])
        if earlier:
            n, h, hh, yh, y = (_cumulated(mine * each, shape, starts) for each in earlier)
            totals = replace(totals, history=History.of_values(units=n, h=h, hh=hh, yh=yh, y=y))
        arms.append(totals)
    return tuple(arms)


def _powers(y: Floats, x: Floats | None) -> list[Floats]:
    """In the order in which Totals takes their sums."""
    yy = y * y
    if x is None:
        return [y, yy, yy * y]
    xx = x * x
    return [y, x, yy, y * x, xx, yy * y, yy * x, y * xx, xx * x]


def _earlier(units: Units) -> list[Floats]:
    if units.h is None or units.has is None:
        return []
    h = units.h * units.has
    return [units.has, h, h * h, units.y * h, units.y * units.has]


def _cumulated(each: Floats, shape: tuple[int, int], starts: NDArray[np.int64]) -> Floats:
    return np.add.reduceat(each.reshape(shape), starts, axis=1).cumsum(axis=1)


def _totals(units: Floats, sums: Sequence[Floats]) -> Totals:
    if len(sums) == 3:
        return Totals.of_mean(units, *sums)
    y, x, yy, yx, xx, yyy, yyx, yxx, xxx = sums
    return Totals(units, y, x, yy, yx, xx, yyy, yyx, yxx, xxx)


def _stacked(parts: Sequence[Totals]) -> Totals:
    """Of experiments drawn in several goes."""
    sums = {name: np.concatenate([np.asarray(getattr(part, name)) for part in parts]) for name in SUMS}
    earlier = {
        field.name: np.concatenate([np.atleast_1d(getattr(part.history, field.name)) for part in parts])
        for field in fields(History)
    }
    history = History(**earlier) if earlier["units"].ndim > 1 else History()
    return replace(parts[0], **sums, history=history)


def exponential(rng: Generator, size: int) -> Units:
    """Skewness 2."""
    return Units(rng.standard_exponential(size))


def lognormal(sigma: float) -> Values:
    """Skewness 2.3 at 0.6, 6.2 at 1, 33 at 1.5."""

    def draw(rng: Generator, size: int) -> Units:
        return Units(np.exp(sigma * rng.standard_normal(size)))

    return draw


def clicks_over_views(rng: Generator, size: int) -> Units:
    """A ratio by unit: lognormal views (σ = 1), and clicks at a rate that is the unit's own, 0.05 on average."""
    views = np.floor(np.exp(rng.standard_normal(size))) + 1
    return Units(rng.binomial(views.astype(np.int64), rng.beta(1, 19, size)).astype(np.float64), views)


def foretold(correlation: float, with_history: float) -> Values:
    """Values that an earlier one foretells, which a share of units has."""

    def draw(rng: Generator, size: int) -> Units:
        h = rng.standard_normal(size)
        y = correlation * h + np.sqrt(1 - correlation**2) * rng.standard_normal(size)
        return Units(y, h=h, has=(rng.random(size) < with_history).astype(np.float64))

    return draw
