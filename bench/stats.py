"""This file lets you print what the statistics of experiments promise, beside what simulation finds, at full size.

`python -m bench stats` prints all of it in a few minutes; `python -m bench.stats --headlines FILE` replays real
headline tests too.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from bench import stats_promises as promises
from bench.stats_replay import headline_tests, replay
from bench.stats_traffic import (
    Traffic,
    clicks_over_views,
    conversions,
    even_looks,
    exponential,
    foretold,
    lognormal,
    measured,
)
from experiments.stats.estimate import Kind
from experiments.stats.plan import Guardrail, Memory, Metric, Observed, Plan
from experiments.stats.power import inflation
from experiments.stats.read import read
from experiments.stats.split import Phase
from experiments.stats.totals import Totals
from experiments.stats.verdict import decide

SEED = 20261120
LOOKS = 50


@dataclass(frozen=True)
class Row:
    """One promise: what it is, the figure that was asked for (empty: printed for comparison), and what was found."""

    promise: str
    asked: str
    found: str
    kept: bool = True

    def __str__(self) -> str:
        asked = self.asked if self.kept else f"{self.asked} ✗"
        return f"{self.promise:<84} {asked:>13}  {self.found}"


def rows(*, headlines: Path | None = None) -> Iterator[Row]:
    """All promises at full size, one after another."""
    yield from false_verdicts()
    yield from without_start()
    yield from delays_and_guardrails()
    yield from power()
    yield from split()
    yield from intervals()
    if headlines is not None:
        yield from real_tests(headlines)
    yield speed()


def false_verdicts(experiments: int = 2000) -> Iterator[Row]:
    """Experiments without an effect: as built, without the start rule, and with a fixed horizon at each look."""
    for name, shares, traffic, kind in _without_effect(experiments):
        found = promises.false_verdicts(traffic, kind)
        split = "/".join(f"{share:g}" for share in shares)
        yield Row(
            f"no effect, {name}, {split}, {traffic.units:,} units",
            "≤ 5 %",
            f"{found.as_built:.1%}  (without the start rule {found.without_start:.1%}, "
            f"fixed horizon at each look {found.fixed_horizon:.0%})",
            found.as_built <= 0.05,
        )


def _without_effect(experiments: int) -> Iterator[tuple[str, tuple[int, ...], Traffic, Kind]]:
    rng = np.random.default_rng(SEED)
    for shares in ((50, 50), (90, 10), (34, 33, 33), (80, 10, 10)):
        for rate, units in ((0.5, 10_000), (0.01, 100_000)):
            looks = even_looks(units, LOOKS)
            yield (
                f"conversion at {rate:.0%}",
                shares,
                conversions(rng, experiments=experiments, looks=looks, shares=shares, rates=[rate] * len(shares)),
                "conversion",
            )
        for name, values, kind, units in (
            ("exponential mean", exponential, "mean", 10_000),
            ("lognormal mean (σ = 1)", lognormal(1.0), "mean", 20_000),
            ("lognormal mean (σ = 1.5)", lognormal(1.5), "mean", 100_000),
            ("clicks over views", clicks_over_views, "ratio", 10_000),
            ("mean with CUPED, history of half", foretold(0.7, 0.5), "mean", 10_000),
        ):
            several = experiments if units <= 20_000 else experiments // 4
            looks = even_looks(units, LOOKS)
            traffic = measured(rng, experiments=several, looks=looks, shares=shares, values=values)
            yield name, shares, traffic, "ratio" if kind == "ratio" else "mean"


def without_start(experiments: int = 4000, units: int = 20_000) -> Iterator[Row]:
    """What the start rule is for: a rare conversion at uneven shares."""
    rng = np.random.default_rng(SEED)
    for shares in ((90, 10), (80, 10, 10), (90, 5, 5)):
        looks = even_looks(units, LOOKS)
        traffic = conversions(rng, experiments=experiments, looks=looks, shares=shares, rates=[0.01] * len(shares))
        found = promises.false_verdicts(traffic, "conversion")
        split = "/".join(f"{share:g}" for share in shares)
        yield Row(
            f"conversion at 1%, {split}, {units:,} units, without the start rule",
            "",
            f"{found.without_start:.1%}  (with it {found.as_built:.1%})",
        )


def delays_and_guardrails() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    found = promises.delayed_outcomes(
        rng, experiments=2000, per_day=150, days=14, rate=0.1, delays=(1.0, 3.0), looks=LOOKS
    )
    yield Row(
        "same conversion, delays of one and three days",
        "≤ 5 %",
        f"{found.closed_windows:.1%}  (outcomes read as they come {found.as_they_come:.0%})",
        found.closed_windows <= 0.05,
    )
    alarms = promises.guardrail_alarms(
        rng, experiments=2000, units=20_000, looks=LOOKS, arms=3, guardrails=5, rate=0.05
    )
    yield Row("three arms, five guardrails, no effect: rolled back", "≤ 5 %", f"{alarms:.1%}", alarms <= 0.05)


def power() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    for treatments, rate, units in ((1, 0.1, 20_000), (2, 0.1, 20_000), (1, 0.01, 100_000)):
        inflated = inflation(0.05 / treatments, 0.8)
        once, found = promises.power_by(rng, runs=10_000, units=units, rate=rate, treatments=treatments, looks=100)
        yield Row(
            f"power by 1.8 n, {treatments + 1} arms, conversion at {rate:.0%}",
            "≥ 80 %",
            f"{found:.1%}  (a single look at n {once:.1%}; 80 % at {inflated:.2f} n, tuned to that)",
            found >= 0.8,
        )


def split() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    for shares, units in (((50, 50), 10_000), ((50, 50), 1_000_000), ((80, 10, 10), 100_000)):
        alarms = promises.split_alarms(rng, experiments=2000, units=units, looks=10_000, actual=shares, planned=shares)
        name = "/".join(str(share) for share in shares)
        yield Row(
            f"sound split {name}, looked at 10,000 times in {units:,} units",
            "≤ 0.3 %",
            f"{alarms:.2%}",
            alarms <= 0.003,
        )
    found = promises.split_alarms(rng, experiments=2000, units=20_000, looks=1000, actual=(52, 48), planned=(50, 50))
    yield Row("52/48 of a 50/50 plan, found by 20,000 units", "≥ 90 %", f"{found:.1%}", found >= 0.9)


def intervals() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    for sigma, runs in ((1.0, 5000), (1.5, 20_000), (2.0, 5000), (2.5, 5000)):
        held = promises.ratio_coverage(rng, runs=runs, units=2000, sigma=sigma)
        asked = "94 to 96.5 %" if sigma == 1.5 else ""
        yield Row(
            f"coverage of a ratio's interval, denominators lognormal σ = {sigma}",
            asked,
            f"{held:.1%}",
            not asked or 0.94 <= held <= 0.965,
        )
    found = promises.cuped(rng, runs=20_000, units=500, correlation=0.7)
    yield Row(
        "CUPED at correlation 0.7: variance left",
        "0.51 ± 0.02",
        f"{found.as_reported:.3f}  (between runs {found.between_runs:.3f}, coverage {found.coverage:.1%})",
        abs(found.as_reported - 0.51) <= 0.02 and abs(found.between_runs - 0.51) <= 0.02,
    )


def real_tests(file: Path) -> Iterator[Row]:
    found = replay(headline_tests(file), seeds=range(10))
    yield Row(
        f"{found.tests} headline tests, ten seeds: decided signs that the final counts contradict",
        "0",
        f"{found.contradicted} of {found.decided:,} decided",
        not found.contradicted,
    )
    yield Row(
        "treatments that differ at p < 0.001 at the end, found",
        "≥ 85 %",
        f"{found.share_found:.1%} of {found.differing:,}, with {found.share_of_traffic:.0%} of the traffic (median)",
        found.share_found >= 0.85,
    )
    yield Row(
        "tests refused by the split check",
        "",
        f"{found.refused_when_equal:.0f} of {found.tests} if equal shares are expected "
        f"({found.refused_by_chi_square} by χ² at the end), {found.refused_as_planned:.0f} by the file's own",
    )


def speed(times: int = 200) -> Row:
    """From sums to a verdict: three arms and four metrics."""
    orders, speed_of_answer = Metric("orders", "orders", "conversion"), Metric("ms", "response time", "ratio", "less")
    errors, value = Metric("errors", "errors", "conversion", "less"), Metric("value", "value", "mean")
    plan = Plan(
        treatments=("warm", "short"),
        shares=(1, 1, 1),
        primary=orders,
        planned_units=1_000_000,
        smallest_effect=0.02,
        guardrails=(Guardrail(speed_of_answer), Guardrail(errors)),
        secondaries=(value,),
    )
    rng = np.random.default_rng(SEED)
    units = 2000
    totals = {
        "orders": tuple(Totals.of_conversion(units, float(rng.binomial(units, 0.1))) for _ in range(3)),
        "errors": tuple(Totals.of_conversion(units, float(rng.binomial(units, 0.05))) for _ in range(3)),
        "ms": tuple(Totals.of_units(rng.gamma(3, 100, units), rng.poisson(3, units) + 1.0) for _ in range(3)),
        "value": tuple(Totals.of_units(rng.gamma(2, 5, units)) for _ in range(3)),
    }
    observed = Observed(totals=totals, phases=(Phase((1, 1, 1), (units,) * 3),))
    decide(read(plan, observed, Memory()))
    begun = perf_counter()
    for _ in range(times):
        decide(read(plan, observed, Memory()))
    spent = (perf_counter() - begun) / times
    return Row("from sums to verdict, three arms and four metrics", "", f"{spent * 1000:.1f} ms")


def main() -> int:
    """Print the rows as they are found; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description="What the statistics promise, beside what simulation finds.")
    parser.add_argument("--headlines", type=Path, help="a file of headline tests: test_id, arm, impressions, clicks")
    kept = True
    for row in rows(headlines=parser.parse_args().headlines):
        kept &= row.kept
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
