"""This file lets you check by simulation what the statistics promise, at any size; each promise is one function."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri

from bench.stats_traffic import Floats, Traffic, conversions, even_looks
from experiments.stats.estimate import Kind, estimate_arms
from experiments.stats.relative import contrast
from experiments.stats.sequence import half_width, one_sided_width
from experiments.stats.split import ALARM, log_evidence
from experiments.stats.start import units_to_start
from experiments.stats.totals import History, Totals

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FalseVerdicts:
    """Shares of experiments without any effect that ever gave a verdict: as built, without the start rule, and by the
    test with a fixed horizon at each look; and the share that was ever read."""

    as_built: float
    without_start: float
    fixed_horizon: float
    ever_read: float


def readable(traffic: Traffic) -> list[Flags]:
    """For each treatment: at which looks its comparison may be read, shape (experiments, looks)."""
    needed = units_to_start(traffic.arms)
    return [np.minimum(traffic.arms[0].units, arm.units) >= needed for arm in traffic.arms[1:]]


def standard_scores(traffic: Traffic, kind: Kind, arm: int) -> tuple[Floats, Floats]:
    """z of a treatment against the control, and N / N* of the two when N* is all the traffic there is."""
    estimates = estimate_arms(traffic.arms, kind)
    value, variance = contrast(estimates[0], estimates[arm], sign=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = value / np.sqrt(variance)
    planned = traffic.units * (traffic.shares[0] + traffic.shares[arm])
    return np.nan_to_num(z, nan=0.0), np.asarray((traffic.arms[0].units + traffic.arms[arm].units) / planned)


def false_verdicts(traffic: Traffic, kind: Kind, significance: float = 0.05) -> FalseVerdicts:
    """How often experiments whose arms do not differ say that they do, at any of their looks."""
    level = significance / (len(traffic.arms) - 1)
    may_read = readable(traffic)
    found = np.zeros((4, np.shape(traffic.arms[0].units)[0]), dtype=bool)
    for arm, open_looks in enumerate(may_read, start=1):
        z, fraction = standard_scores(traffic, kind, arm)
        beyond = np.abs(z) > half_width(np.maximum(fraction, 1e-12), level)
        enough = np.minimum(traffic.arms[0].units, traffic.arms[arm].units) >= 2
        found[0] |= (beyond & open_looks).any(axis=1)
        found[1] |= (beyond & enough).any(axis=1)
        found[2] |= ((np.abs(z) > -ndtri(level / 2)) & open_looks).any(axis=1)
        found[3] |= open_looks.any(axis=1)
    return FalseVerdicts(*(float(share) for share in found.mean(axis=1)))


def guardrail_alarms(
    rng: Generator, *, experiments: int, units: int, looks: int, arms: int, guardrails: int, rate: float
) -> float:
    """The share of experiments without an effect in which any guardrail says harm in any treatment, at any look."""
    level = 0.05 / (guardrails * (arms - 1))
    crossed = np.zeros(experiments, dtype=bool)
    for _ in range(guardrails):
        traffic = conversions(
            rng, experiments=experiments, looks=even_looks(units, looks), shares=[1] * arms, rates=[rate] * arms
        )
        for arm, open_looks in enumerate(readable(traffic), start=1):
            z, fraction = standard_scores(traffic, "conversion", arm)
            crossed |= ((z + one_sided_width(fraction, level) < 0) & open_looks).any(axis=1)
    return float(crossed.mean())


@dataclass(frozen=True)
class Delays:
    """Shares of experiments with a false verdict, two arms of the same final conversion and different delays: units
    read when their window has closed, and, to compare, outcomes read as they come."""

    closed_windows: float
    as_they_come: float


def delayed_outcomes(
    rng: Generator, *, experiments: int, per_day: int, days: int, rate: float, delays: Sequence[float], looks: int
) -> Delays:
    """Two arms, exposures even over `days`; a unit of arm a that converts does so `delays[a]` days after (more or less
    a quarter of it); the window is 7 days. Looks are even over the days and the 7 that follow."""
    window, units = 7.0, per_day * days
    exposed = np.sort(rng.random((experiments, units)) * days, axis=1)
    arm = rng.integers(0, 2, (experiments, units))
    converts = rng.random((experiments, units)) < rate
    delay = np.asarray(delays)[arm] * (1 + rng.uniform(-0.25, 0.25, (experiments, units)))
    times = np.linspace((days + window) / looks, days + window, looks)
    closed = _totals_at(exposed + window, exposed + window, arm, converts, times)
    growing = _totals_at(exposed, exposed + delay, arm, converts, times)
    return Delays(
        *(false_verdicts(Traffic(arms, (0.5, 0.5), units), "conversion").as_built for arms in (closed, growing))
    )


def _totals_at(
    counted_from: Floats, converted_from: Floats, arm: NDArray[np.int64], converts: Flags, times: Floats
) -> tuple[Totals, ...]:
    """Each arm's totals at each time, of units counted from one time on and converted from another on."""
    totals = []
    for which in (0, 1):
        units, successes = (
            np.stack([((since <= now) & among).sum(axis=1) for now in times], axis=1).astype(np.float64)
            for since, among in ((counted_from, arm == which), (converted_from, (arm == which) & converts))
        )
        totals.append(Totals.of_conversion(units, successes))
    return tuple(totals)


def power_by(
    rng: Generator, *, runs: int, units: int, rate: float, treatments: int, looks: int, stretch: float = 1.8
) -> tuple[float, float]:
    """The shares of runs in which the effect is found by a single look at n units in all, and by the sequence, tuned to
    N* = n, at one of its looks until stretch · n. The effect is the one a single look finds in 80 %, at significance/k;
    the treatment that has it is one of k, at equal shares."""
    level = 0.05 / treatments
    arms = treatments + 1
    effect = _effect_found(units, rate, arms, level)
    rates = [rate, rate + effect] + [rate] * (treatments - 1)
    shares = [1 / arms] * arms
    longer = conversions(
        rng, experiments=runs, looks=even_looks(round(units * stretch), looks), shares=shares, rates=rates
    )
    tuned = Traffic(longer.arms, longer.shares, units)
    z, fraction = standard_scores(tuned, "conversion", 1)
    found = ((z > half_width(fraction, level)) & readable(tuned)[0]).any(axis=1)
    single = conversions(rng, experiments=runs, looks=np.array([units]), shares=shares, rates=rates)
    once, _ = standard_scores(single, "conversion", 1)
    return float((np.abs(once[:, 0]) > -ndtri(level / 2)).mean()), float(found.mean())


def _effect_found(units: int, rate: float, arms: int, level: float) -> float:
    """The absolute effect that a z-test at `level` finds with 80 %, by iteration on the treatment's variance."""
    reach = float(ndtri(1 - level / 2) + ndtri(0.8))
    effect = 0.0
    for _ in range(50):
        after = rate + effect
        effect = reach * float(np.sqrt((rate * (1 - rate) + after * (1 - after)) * arms / units))
    return effect


def split_alarms(
    rng: Generator, *, experiments: int, units: int, looks: int, actual: Sequence[float], planned: Sequence[float]
) -> float:
    """The share of experiments in which the split check ever alarms, at even looks."""
    alarms, at_once = 0, max(1, 4_000_000 // looks)
    steps = np.diff(np.linspace(0, units, looks + 1).round().astype(np.int64))
    for first in range(0, experiments, at_once):
        several = min(at_once, experiments - first)
        counts = rng.multinomial(np.broadcast_to(steps, (several, looks)), np.asarray(actual) / sum(actual))
        evidence = log_evidence(counts.cumsum(axis=1), planned)
        alarms += int((evidence > -np.log(ALARM)).any(axis=1).sum())
    return alarms / experiments


def ratio_coverage(rng: Generator, *, runs: int, units: int, sigma: float) -> float:
    """The share of 95 % intervals with a fixed horizon that hold the true difference of two ratios (0), by the delta
    method, with `units` in each arm and lognormal denominators."""
    held, at_once = 0, max(1, 1_000_000 // units)
    for first in range(0, runs, at_once):
        several = min(at_once, runs - first)
        arms = tuple(_ratio_arm(rng, several, units, sigma) for _ in range(2))
        estimates = estimate_arms(arms, "ratio")
        value, variance = contrast(estimates[0], estimates[1], sign=1)
        held += int((np.abs(value) <= 1.959964 * np.sqrt(variance)).sum())
    return held / runs


def _ratio_arm(rng: Generator, runs: int, units: int, sigma: float) -> Totals:
    """A unit's numerator is its denominator times a rate of its own."""
    x = np.exp(sigma * rng.standard_normal((units, runs)))
    return Totals.of_units(x * rng.beta(2, 18, (units, runs)), x)


@dataclass(frozen=True)
class Cuped:
    """What CUPED leaves of the variance of the difference: as measured between runs, and as its own standard errors
    say; and the share of its 95 % intervals with a fixed horizon that hold the true difference."""

    between_runs: float
    as_reported: float
    coverage: float


def cuped(rng: Generator, *, runs: int, units: int, correlation: float, with_history: float = 1.0) -> Cuped:
    """Two arms without an effect, `units` in each, `with_history` of them with an earlier value; 1 − correlation² is
    expected where all have one."""
    plain_difference: list[Floats] = []
    plain_variance: list[Floats] = []
    difference: list[Floats] = []
    variance: list[Floats] = []
    at_once = max(1, 500_000 // units)
    for first in range(0, runs, at_once):
        several = min(at_once, runs - first)
        arms = tuple(_arm_with_history(rng, several, units, correlation, with_history) for _ in range(2))
        for adjust, differences, variances in (
            (False, plain_difference, plain_variance),
            (True, difference, variance),
        ):
            control, treatment = estimate_arms(arms, "mean", adjust=adjust)
            value, spread = contrast(control, treatment, sign=1)
            differences.append(value)
            variances.append(spread)
    adjusted, reported = np.concatenate(difference), np.concatenate(variance)
    return Cuped(
        between_runs=float(np.var(adjusted) / np.var(np.concatenate(plain_difference))),
        as_reported=float(reported.mean() / np.concatenate(plain_variance).mean()),
        coverage=float((np.abs(adjusted) <= 1.959964 * np.sqrt(reported)).mean()),
    )


def _arm_with_history(rng: Generator, runs: int, units: int, correlation: float, with_history: float) -> Totals:
    h = rng.standard_normal((units, runs))
    y = 10 + correlation * h + np.sqrt(1 - correlation**2) * rng.standard_normal((units, runs))
    has = (rng.random((units, runs)) < with_history).astype(np.float64)
    h = (5 + h) * has
    history = History.of_values(
        units=has.sum(axis=0), h=h.sum(axis=0), hh=(h * h).sum(axis=0), yh=(y * h).sum(axis=0), y=(y * has).sum(axis=0)
    )
    return Totals.of_units(y, history=history)
