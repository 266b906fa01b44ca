"""This file lets you replay real headline tests, visitors in random order, and see what the sequences say of them."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import chisquare

from bench.stats_promises import readable, standard_scores
from bench.stats_traffic import Traffic, even_looks
from experiments.stats.sequence import half_width
from experiments.stats.split import ALARM, log_evidence
from experiments.stats.totals import Totals

Counts = NDArray[np.int64]

DIFFERS_AT = 0.001
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Replay:
    """Over all tests and seeds. `differing`: treatments that differ from the control at p < 0.001 by the final counts;
    `found`: of those, decided with that sign; `contradicted`: of those, decided with the other sign at any look;
    `decided`: all treatments with a sign. `share_of_traffic`: the median over found ones of the share of the test's
    visitors it took. `refused_when_equal`: tests a seed that the split check refuses when equal shares are expected;
    `refused_as_planned`: when the file's own are. `refused_by_chi_square`: by χ² over the final exposures, at the same
    0.001, when equal shares are expected."""

    tests: int
    treatments: int
    decided: int
    differing: int
    found: int
    contradicted: int
    share_of_traffic: float
    refused_when_equal: float
    refused_as_planned: float
    refused_by_chi_square: int

    @property
    def share_found(self) -> float:
        return self.found / self.differing


def headline_tests(path: Path) -> list[Counts]:
    """Each test as rows of (impressions, clicks), one an arm; columns `test_id, arm, impressions, clicks`."""
    tests: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            tests[row["test_id"]].append((int(row["impressions"]), int(row["clicks"])))
    return [np.array(arms, dtype=np.int64) for arms in tests.values()]


def replay(tests: Sequence[Counts], *, seeds: Sequence[int], looks: int = 100) -> Replay:
    """Replay every test once a seed. A seed shuffles the arms, which come sorted by clicks, and the first becomes the
    control; then it puts the visitors in random order. N* is all visitors of the test."""
    decided = differing = found = contradicted = treatments = 0
    refused = np.zeros(2)
    shares_of_traffic: list[float] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for test in tests:
            arms = rng.permutation(test)
            traffic, exposed = _visitors(rng, arms, looks)
            for column, planned in enumerate((np.ones(len(arms)), arms[:, 0])):
                refused[column] += bool((log_evidence(exposed, tuple(planned)) > -np.log(ALARM)).any())
            level = SIGNIFICANCE / (len(arms) - 1)
            for arm, open_looks in enumerate(readable(traffic), start=1):
                z, fraction = standard_scores(traffic, "conversion", arm)
                width = half_width(fraction, level)
                up, down = (z > width) & open_looks, (z < -width) & open_looks
                treatments += 1
                decided += bool(up.any() != down.any())
                if abs(z[0, -1]) < -ndtri(DIFFERS_AT / 2):
                    continue
                right, wrong = (up, down) if z[0, -1] > 0 else (down, up)
                differing += 1
                contradicted += bool(wrong.any())
                if right.any() and not wrong.any():
                    found += 1
                    shares_of_traffic.append((int(right.argmax()) + 1) / right.size)
    return Replay(
        tests=len(tests),
        treatments=treatments,
        decided=decided,
        differing=differing,
        found=found,
        contradicted=contradicted,
        share_of_traffic=float(np.median(shares_of_traffic)) if shares_of_traffic else float("nan"),
        refused_when_equal=float(refused[0]) / len(seeds),
        refused_as_planned=float(refused[1]) / len(seeds),
        refused_by_chi_square=sum(bool(chisquare(test[:, 0]).pvalue < ALARM) for test in tests),
    )


def _visitors(rng: Generator, arms: Counts, looks: int) -> tuple[Traffic, Counts]:
    """The test's visitors in random order, as totals at even looks: what each look adds is drawn without replacement
    from what is left."""
    left = np.column_stack([arms[:, 1], arms[:, 0] - arms[:, 1]]).ravel()
    times = even_looks(int(arms[:, 0].sum()), looks, first=max(1, int(arms[:, 0].sum()) // looks))
    steps = np.diff(times, prepend=0)
    seen = np.empty((len(steps), left.size), dtype=np.int64)
    for index, step in enumerate(steps):
        seen[index] = rng.multivariate_hypergeometric(left, int(step), method="marginals")
        left = left - seen[index]
    clicks = seen[:, 0::2].cumsum(axis=0)
    exposed = clicks + seen[:, 1::2].cumsum(axis=0)
    totals = tuple(
        Totals.of_conversion(exposed[None, :, arm].astype(np.float64), clicks[None, :, arm].astype(np.float64))
        for arm in range(len(arms))
    )
    shares = tuple(float(share) for share in arms[:, 0] / arms[:, 0].sum())
    return Traffic(totals, shares, int(times[-1])), exposed
