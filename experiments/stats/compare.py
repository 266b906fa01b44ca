"""This file lets you compare a treatment with the control in one metric, at one look and over all looks so far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from experiments.stats.estimate import Estimate
from experiments.stats.number import known
from experiments.stats.relative import contrast, relative_interval
from experiments.stats.sequence import Bounds, half_width, one_sided_width, p_value

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Side:
    """One arm in one metric: counted units, mean, and its standard error, in the metric's measure."""

    units: float
    mean: float | None
    error: float | None

    @classmethod
    def of(cls, estimate: Estimate) -> "Side":
        return cls(float(estimate.units), known(float(estimate.mean)), known(math.sqrt(estimate.variance)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A treatment against the control in one metric.

    `readable`: both arms hold the `needed` units (None: no number is enough while no value differs from another).
    `difference` and `lift`: the point estimates, treatment less control, absolute and relative.
    `interval` and `lift_interval`: over all looks so far, simultaneous over treatments; None before the first readable
    look, the second also while the control may be 0. `p`: as shown, times the number of treatments.
    `ahead` and `enough`: how far the treatment is ahead of the control, and of the control made better by the smallest
    effect; over all looks, absolute, above 0 is good whichever way the metric goes.
    """

    metric: str
    treatment: str
    control_side: Side
    treatment_side: Side
    readable: bool
    needed: float | None
    difference: float | None
    lift: float | None
    interval: Interval | None
    lift_interval: Interval | None
    p: float
    ahead: Bounds
    enough: Bounds

    @property
    def changed_over_time(self) -> bool:
        """No one effect fits all looks."""
        return self.ahead.empty or self.enough.empty


@dataclass(frozen=True, slots=True)
class Frame:
    """What a comparison is read with: the level of one comparison, how many there are, N / N* of its two arms and of
    the control alone, the metric's sign and the smallest effect."""

    level: float
    comparisons: int
    fraction: float
    control_fraction: float
    sign: int
    smallest_effect: float = 0.0


class Sequences:
    """The running intersections of one look: those of the look before, met with what this one adds."""

    def __init__(self, before: Mapping[str, Bounds]) -> None:
        self.bounds = dict(before)

    def meet(self, key: str, lower: float | None, upper: float | None, p: float = 1.0) -> None:
        self.bounds[key] = self.of(key).meet(lower, upper, p)

    def of(self, key: str) -> Bounds:
        return self.bounds.get(key, Bounds())


def compare(
    control: Estimate,
    treatment: Estimate,
    *,
    metric: str,
    name: str,
    needed: float,
    readable: bool,
    key: str,
    frame: Frame,
    sequences: Sequences,
) -> Comparison:
    """Read one comparison, and add this look to `sequences`, under `key`, where it is `readable`."""
    if readable:
        _look(control, treatment, key=key, frame=frame, sequences=sequences)
    ahead, enough = sequences.of(f"{key}/ahead"), sequences.of(f"{key}/enough")
    control_side, treatment_side = Side.of(control), Side.of(treatment)
    return Comparison(
        metric=metric,
        treatment=name,
        control_side=control_side,
        treatment_side=treatment_side,
        readable=readable,
        needed=known(needed),
        difference=known(float(treatment.mean - control.mean)),
        lift=lift_between(control_side, treatment_side),
        interval=_turned(ahead, frame.sign),
        lift_interval=_lift_interval(sequences, key, ahead, enough, frame),
        p=min(1.0, ahead.p * frame.comparisons),
        ahead=ahead,
        enough=enough,
    )


def lift_between(control: Side, treatment: Side) -> float | None:
    """The treatment's mean against the control's, relative to the size of that; None where it is 0 or unknown."""
    if control.mean is None or treatment.mean is None or not control.mean:
        return None
    return (treatment.mean - control.mean) / abs(control.mean)


def harm(
    control: Estimate,
    treatment: Estimate,
    *,
    key: str,
    margin: float,
    sign: int,
    level: float,
    fraction: float,
    sequences: Sequences,
) -> None:
    """Add a look to the one-sided sequence of a guardrail: how far the treatment is above its margin, at most.

    Its upper bound below 0 says: worse than the control by more than the margin, at any time, at `level`."""
    value, variance = contrast(control, treatment, sign=sign, lift=-margin)
    sequences.meet(key, None, float(value + one_sided_width(fraction, level) * math.sqrt(variance)))


def _look(control: Estimate, treatment: Estimate, *, key: str, frame: Frame, sequences: Sequences) -> None:
    width = float(half_width(frame.fraction, frame.level))
    for name, lift in (("ahead", 0.0), ("enough", frame.smallest_effect)):
        value, variance = contrast(control, treatment, sign=frame.sign, lift=lift)
        error = math.sqrt(variance)
        z = value / error if error else (math.inf if value else 0.0)
        p = float(p_value(z, frame.fraction, frame.level))
        sequences.meet(f"{key}/{name}", float(value - width * error), float(value + width * error), p)
    own = float(half_width(frame.control_fraction, frame.level)) * math.sqrt(control.variance)
    sequences.meet(f"{key}/control", float(control.mean - own), float(control.mean + own))
    if (lifts := relative_interval(control, treatment, width)) is not None:
        sequences.meet(f"{key}/lift", *lifts)


def _turned(bounds: Bounds, sign: int) -> Interval | None:
    """As treatment less control. None when open, or when no value is left."""
    if bounds.lower is None or bounds.upper is None or bounds.empty:
        return None
    return (bounds.lower, bounds.upper) if sign > 0 else (-bounds.upper, -bounds.lower)


def _lift_interval(sequences: Sequences, key: str, ahead: Bounds, enough: Bounds, frame: Frame) -> Interval | None:
    """The lifts that no look has left out; None while the control's own sequence holds 0.

    A lift of 0 and the smallest effect have sequences of their own, read also at looks where the whole set was not an
    interval: what those left out is left out here, so that the interval never contradicts the verdict."""
    control = sequences.of(f"{key}/control")
    if not (control.above_zero or control.below_zero):
        return None
    better = sequences.of(f"{key}/lift")
    better = better if frame.sign > 0 else Bounds(_negative(better.upper), _negative(better.lower))
    for known_side, lift in ((ahead, 0.0), (enough, frame.smallest_effect)):
        better = better.meet(lift if known_side.above_zero else None, lift if known_side.below_zero else None)
    return _turned(better, frame.sign)


def _negative(bound: float | None) -> float | None:
    return None if bound is None else -bound
