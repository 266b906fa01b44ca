"""What the `thompson` policy expects of a prompt nobody has seen yet."""

import random

import pytest

from vault.prior import prior


def test_it_knows_nothing_before_an_engagement_and_an_impression_without_one() -> None:
    assert prior([]) == (1.0, 1.0)
    assert prior([(0, 0)]) == (1.0, 1.0)
    assert prior([(0, 500)]) == (1.0, 1.0)
    assert prior([(500, 500)]) == (1.0, 1.0)


def test_it_expects_the_projects_own_rate_with_the_weight_of_one_engagement() -> None:
    alpha, beta = prior([(20, 1000), (0, 500), (10, 500)])
    assert alpha == 1.0
    assert alpha / (alpha + beta) == pytest.approx(30 / 2000)


def test_it_weighs_one_miss_where_misses_are_the_rarer() -> None:
    alpha, beta = prior([(90, 100)])
    assert (alpha, beta) == (pytest.approx(9.0), 1.0)


def test_it_does_not_depend_on_the_order_of_the_prompts() -> None:
    source = random.Random(7)
    totals = [(source.random() * 3, 10 + source.random()) for _ in range(500)]
    assert prior(totals) == prior(sorted(totals)) == prior(reversed(totals))


@pytest.mark.parametrize("totals", [[(1e-320, 1.0)], [(1e-9, 1e15)], [(1e15 - 1, 1e15)], [(1 - 2**-53, 1.0)]])
def test_it_stays_a_prior_at_the_edge_of_what_a_double_holds(totals: list[tuple[float, float]]) -> None:
    alpha, beta = prior(totals)
    assert 1 <= alpha <= 1e6
    assert 1 <= beta <= 1e6
