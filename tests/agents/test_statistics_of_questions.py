"""Intervals of questions: against other people's code, at their edges, and over many repetitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from agents.questions.stats.mean import difference_of_means, mean_of_sums
from agents.questions.stats.phi import Table, interval_of_phi, phi
from agents.questions.stats.proportion import difference_of_shares, wilson
from agents.questions.stats.several import confidence_of_each

SHARE = st.integers(1, 100_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
CELLS = st.integers(0, 100_000)
LEVELS = st.sampled_from([0.8, 0.95, 0.999])


@given(SHARE, LEVELS)
def test_it_knows_a_share_as_statsmodels_does(share: tuple[int, int], confidence: float) -> None:
    interval = wilson(*share, confidence)
    assert interval is not None
    assert interval == pytest.approx(proportion_confint(*share, 1 - confidence, "wilson"), abs=1e-12)
    assert 0 <= interval[0] <= share[0] / share[1] <= interval[1] <= 1


@given(SHARE, SHARE, LEVELS)
def test_it_knows_a_difference_of_shares_as_statsmodels_does(
    a: tuple[int, int], b: tuple[int, int], confidence: float
) -> None:
    interval = difference_of_shares(*a, *b, confidence)
    assert interval is not None
    theirs = confint_proportions_2indep(*b, *a, method="newcomb", alpha=1 - confidence)
    assert interval == pytest.approx(theirs, abs=1e-9)
    assert -1 <= interval[0] <= b[0] / b[1] - a[0] / a[1] <= interval[1] <= 1
    turned = difference_of_shares(*b, *a, confidence)
    assert turned is not None
    assert turned == pytest.approx((-interval[1], -interval[0]), abs=1e-12)


def test_it_says_nothing_of_nothing() -> None:
    assert wilson(0, 0, 0.95) is None
    assert difference_of_shares(0, 0, 1, 2, 0.95) is None
    assert difference_of_shares(1, 2, 0, 0, 0.95) is None
    assert phi(Table(0, 0, 0, 0)) is None
    assert interval_of_phi(Table(5, 5, 0, 0), 0.95) is None
    one, many = mean_of_sums(1, 5.0, 25.0), mean_of_sums(4, 10.0, 30.0)
    assert difference_of_means(one, many, 0.95) is None
    alike = mean_of_sums(3, 6.0, 12.0)
    assert difference_of_means(alike, alike, 0.95) is None


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_it_knows_a_difference_of_means_as_scipy_does(confidence: float) -> None:
    source = np.random.default_rng(3)
    a, b = source.lognormal(size=17), source.lognormal(1.0, 2.0, size=230)
    estimates = [mean_of_sums(len(each), float(each.sum()), float((each * each).sum())) for each in (a, b)]
    assert difference_of_means(*estimates, confidence) == pytest.approx(
        tuple(ttest_ind(b, a, equal_var=False).confidence_interval(confidence))
    )


@given(CELLS, CELLS, CELLS, CELLS)
def test_it_knows_phi_as_a_correlation(both: int, first: int, second: int, neither: int) -> None:
    table = Table(both, first, second, neither)
    value = phi(table)
    if min(both + first, second + neither, both + second, first + neither) == 0:
        assert value is None
        return
    x, y = [1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]
    weights = np.array([both, first, second, neither], dtype=float)
    theirs = np.cov(x, y, aweights=weights, ddof=0)
    assert value == pytest.approx(theirs[0, 1] / math.sqrt(theirs[0, 0] * theirs[1, 1]), abs=1e-9)
    interval = interval_of_phi(table, 0.95)
    assert interval is not None
    assert value is not None
    assert -1 <= interval[0] <= value <= interval[1] <= 1


@pytest.mark.parametrize(
    ("signalled", "with_it", "without"), [(0.5, 0.5, 0.5), (0.5, 0.9, 0.6), (0.1, 0.9, 0.5), (0.3, 0.99, 0.9)]
)
@pytest.mark.parametrize("runs", [200, 20_000])
def test_it_holds_phi_as_often_as_it_says(signalled: float, with_it: float, without: float, runs: int) -> None:
    cells = np.array(
        [
            *(signalled * with_it, signalled * (1 - with_it)),
            *((1 - signalled) * without, (1 - signalled) * (1 - without)),
        ]
    )
    value = phi(Table(*(round(1_000_000 * cell) for cell in cells)))
    assert value is not None
    drawn = np.random.default_rng(11).multinomial(runs, cells, size=1000)
    held = [
        interval[0] <= value <= interval[1]
        for table in drawn
        if (interval := interval_of_phi(Table(*map(int, table)), 0.95)) is not None
    ]
    # Three standard errors of 1,000 repetitions below what is promised; where cells are small it holds more often.
    assert sum(held) / len(held) > 0.95 - 3 * math.sqrt(0.95 * 0.05 / 1000)


def test_it_rarely_finds_anything_in_many_comparisons_of_the_same() -> None:
    """Thirty rates of two versions that are alike: in one comparison of twenty at most does any leave out 0."""
    source, comparisons, rounds = np.random.default_rng(7), 30, 400
    each = confidence_of_each(comparisons)
    assert each == pytest.approx(1 - 0.05 / comparisons)
    rates = np.linspace(0.01, 0.97, comparisons)
    found = 0
    for _ in range(rounds):
        a, b = source.binomial(900, rates), source.binomial(400, rates)
        intervals = [difference_of_shares(int(x), 900, int(y), 400, each) for x, y in zip(a, b, strict=True)]
        found += any(low > 0 or high < 0 for low, high in filter(None, intervals))
    assert found / rounds < 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)
    # Each at 95 % alone, nearly every round would find something.
    assert 1 - 0.95**comparisons > 0.75
    assert norm.ppf((1 + each) / 2) > 3
