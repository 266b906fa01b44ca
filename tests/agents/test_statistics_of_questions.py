"""Intervals of questions: against other people's code, at their edges, and over many repetitions."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm, ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from agents.questions.stats.mean import difference_of_means, mean_of_sums
from agents.questions.stats.phi import Table, interval_of_phi, phi
from agents.questions.stats.proportion import clopper_pearson, difference_of_shares
from agents.questions.stats.several import confidence_of_each

SHARE = st.integers(1, 100_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
CELLS = st.integers(0, 100_000)
LEVELS = st.sampled_from([0.8, 0.95, 0.999])


@given(SHARE, LEVELS)
def test_it_knows_a_share_as_statsmodels_does(share: tuple[int, int], confidence: float) -> None:
    interval = clopper_pearson(*share, confidence)
    assert interval is not None
    assert interval == pytest.approx(proportion_confint(*share, 1 - confidence, "beta"), abs=1e-9)
    assert 0 <= interval[0] <= share[0] / share[1] <= interval[1] <= 1


@given(SHARE, SHARE, LEVELS)
def test_it_says_the_same_of_a_difference_of_shares_either_way_round(
    a: tuple[int, int], b: tuple[int, int], confidence: float
) -> None:
    interval = difference_of_shares(*a, *b, confidence)
    assert interval is not None
    assert -1 <= interval[0] <= b[0] / b[1] - a[0] / a[1] <= interval[1] <= 1
    turned = difference_of_shares(*b, *a, confidence)
    assert turned is not None
    assert turned == pytest.approx((-interval[1], -interval[0]), abs=1e-12)
    others = difference_of_shares(a[1] - a[0], a[1], b[1] - b[0], b[1], confidence)
    assert others == pytest.approx((-interval[1], -interval[0]), abs=1e-9)


@pytest.mark.parametrize("count", [300, 1_500, 2_700])
def test_it_comes_to_what_statsmodels_says_where_there_are_many(count: int) -> None:
    interval = difference_of_shares(count * 100, 300_000, count * 100 + 1_000, 300_000, 0.95)
    theirs = confint_proportions_2indep(count * 100 + 1_000, 300_000, count * 100, 300_000, method="newcomb")
    assert interval == pytest.approx(theirs, rel=0.005)


FEW_OR_MANY = [1, 2, 5, 10, 19, 20, 80, 160, 600]
SHARES = [0.001, 0.004, 0.01, 0.02, 0.1, 0.3, 0.5, 0.98, 0.999]


def likely(of: int, share: float, rest: float = 2e-7) -> np.ndarray[Any, Any]:
    """The counts that come up with all but the `rest` of probability, of so many."""
    return np.arange(binom.ppf(rest / 2, of, share), binom.isf(rest / 2, of, share) + 1, dtype=int)


@pytest.mark.parametrize("comparisons", [1, 4, 24, 200])
@pytest.mark.parametrize("of_a", FEW_OR_MANY)
def test_it_leaves_out_a_difference_of_shares_no_more_often_than_it_says(of_a: int, comparisons: int) -> None:
    """Not by chance: over all outcomes there are, with the probability of each."""
    confidence = confidence_of_each(comparisons)
    for of_b in [of for of in FEW_OR_MANY if of <= of_a]:
        known: dict[tuple[int, int], tuple[float, float]] = {}
        for p_a, p_b in itertools.product(SHARES, SHARES):
            if of_a * of_b > 10_000 and max(min(p_a, 1 - p_a), min(p_b, 1 - p_b)) > 0.05:
                # The seldom ones are those that intervals go wrong with; these would take a while.
                continue
            counts_a, counts_b = likely(of_a, p_a), likely(of_b, p_b)
            for pair in itertools.product(map(int, counts_a), map(int, counts_b)):
                if pair not in known:
                    known[pair] = difference_of_shares(pair[0], of_a, pair[1], of_b, confidence) or (0.0, 0.0)
            ends = np.array([[known[int(x), int(y)] for y in counts_b] for x in counts_a])
            left_out = (ends[..., 0] > p_b - p_a + 1e-12) | (ends[..., 1] < p_b - p_a - 1e-12)
            wrong = binom.pmf(counts_a, of_a, p_a) @ left_out @ binom.pmf(counts_b, of_b, p_b)
            assert wrong <= 1 - confidence, (of_a, of_b, p_a, p_b)


def test_it_makes_nothing_of_the_one_failure_of_a_version_that_ran_once() -> None:
    interval = difference_of_shares(50, 600, 1, 1, confidence_of_each(4))
    assert interval is not None
    assert interval[0] < 0 < interval[1]


@pytest.mark.parametrize("runs", [2, 6, 30, 120])
@pytest.mark.parametrize("comparisons", [1, 12])
def test_it_leaves_out_phi_no_more_often_than_it_says(runs: int, comparisons: int) -> None:
    """Over all tables, with the probability of each: so many with it, and of those and of the others so many again."""
    confidence = confidence_of_each(comparisons)
    shares = [0.02, 0.1, 0.5, 0.98] if runs < 100 else [0.02, 0.05]
    for present, with_it, without in itertools.product([0.05, 0.5] if runs < 100 else [0.5], shares, shares):
        cells = (present * with_it, present * (1 - with_it), (1 - present) * without, (1 - present) * (1 - without))
        value = phi(Table(*(round(1_000_000 * cell) for cell in cells)))
        assert value is not None
        wrong = 0.0
        for m in (int(it) for it in likely(runs, present, 1e-5) if 0 < it < runs):
            of_with, of_without = likely(m, with_it, 1e-5), likely(runs - m, without, 1e-5)
            chances = np.outer(binom.pmf(of_with, m, with_it), binom.pmf(of_without, runs - m, without))
            chances *= binom.pmf(m, runs, present)
            for (i, x), (j, y) in itertools.product(enumerate(of_with.tolist()), enumerate(of_without.tolist())):
                interval = interval_of_phi(Table(x, m - x, y, runs - m - y), confidence)
                if interval is not None and not interval[0] - 1e-9 <= value <= interval[1] + 1e-9:
                    wrong += chances[i, j]
        assert wrong <= 1 - confidence, (present, with_it, without)


def test_it_says_nothing_of_nothing() -> None:
    assert clopper_pearson(0, 0, 0.95) is None
    assert difference_of_shares(0, 0, 1, 2, 0.95) is None
    assert difference_of_shares(1, 2, 0, 0, 0.95) is None
    assert phi(Table(0, 0, 0, 0)) is None
    assert interval_of_phi(Table(5, 5, 0, 0), 0.95) is None
    one, many = mean_of_sums(1, 5.0, 25.0), mean_of_sums(4, 10.0, 30.0)
    assert difference_of_means(one, many, 0.95) is None
    alike = mean_of_sums(3, 6.0, 12.0)
    assert difference_of_means(alike, alike, 0.95) is None


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_it_reaches_as_far_as_welch_at_least(confidence: float, spread: float) -> None:
    source = np.random.default_rng(3)
    a, b = source.lognormal(size=17), source.lognormal(1.0, spread, size=230)
    low, high = means(a, b, confidence)
    theirs = ttest_ind(b, a, equal_var=False).confidence_interval(confidence)
    assert low <= theirs[0] < theirs[1] <= high


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_it_knows_a_difference_of_means_as_scipy_does_where_both_spread_alike(confidence: float) -> None:
    source = np.random.default_rng(3)
    a, b = (each / each.std(ddof=1) for each in (source.lognormal(size=17), source.lognormal(1.0, 2.0, size=230)))
    assert means(a, b, confidence) == pytest.approx(
        tuple(ttest_ind(b, a, equal_var=False).confidence_interval(confidence))
    )


def means(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], confidence: float) -> tuple[float, float]:
    estimates = [mean_of_sums(len(each), float(each.sum()), float((each * each).sum())) for each in (a, b)]
    interval = difference_of_means(*estimates, confidence)
    assert interval is not None
    return interval


@pytest.mark.parametrize("few", [2, 5, 20, 100])
def test_it_makes_nothing_of_a_few_values_that_are_skewed_or_alike_by_chance(few: int) -> None:
    """Times of runs, of which one in a hundred hangs, and steps, of which one run in twenty takes one more."""
    source, rounds, confidence = np.random.default_rng(5), 2_000, confidence_of_each(12)
    kinds = [
        lambda size: source.lognormal(0.0, 1.0, size) + 600.0 * (source.random(size) < 0.01),
        lambda size: 4.0 + (source.random(size) < 0.05),
        lambda size: source.lognormal(0.0, 1.5, size),
    ]
    for drawn in kinds:
        pairs = zip(drawn((rounds, 600)), drawn((rounds, few)), strict=True)
        estimates = [
            [mean_of_sums(len(each), float(each.sum()), float((each * each).sum())) for each in pair] for pair in pairs
        ]
        found = [difference_of_means(*pair, confidence) for pair in estimates]
        wrong = sum(low > 0 or high < 0 for low, high in filter(None, found)) / rounds
        assert wrong <= 1 - confidence + 3 * math.sqrt((1 - confidence) * confidence / rounds)


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


@pytest.mark.parametrize("newer", [5, 20, 400])
def test_it_rarely_finds_anything_in_many_comparisons_of_the_same(newer: int) -> None:
    """Thirty rates of two versions that are alike: in one comparison of twenty at most does any leave out 0."""
    source, comparisons, rounds = np.random.default_rng(7), 30, 400
    each = confidence_of_each(comparisons)
    assert each == pytest.approx(1 - 0.05 / comparisons)
    rates = np.linspace(0.01, 0.97, comparisons)
    found = 0
    for _ in range(rounds):
        a, b = source.binomial(900, rates), source.binomial(newer, rates)
        intervals = [difference_of_shares(int(x), 900, int(y), newer, each) for x, y in zip(a, b, strict=True)]
        found += any(low > 0 or high < 0 for low, high in filter(None, intervals))
    assert found / rounds < 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)
    # Each at 95 % alone, nearly every round would find something.
    assert 1 - 0.95**comparisons > 0.75
    assert norm.ppf((1 + each) / 2) > 3
