"""The Bayesian reading."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from experiments.stats.belief import believe
from experiments.stats.estimate import Estimate


def test_it_is_the_closed_form_for_two_arms() -> None:
    control, treatment = believe([Estimate(100, 1.0, 0.04), Estimate(100, 1.2, 0.09)], sign=1) or ()
    spread = math.sqrt(0.13)
    z = 0.2 / spread
    assert treatment.chance_best == pytest.approx(norm.cdf(z), abs=1e-6)
    assert treatment.expected_loss == pytest.approx(spread * (norm.pdf(z) - z * norm.sf(z)), abs=1e-6)
    assert control.expected_loss == pytest.approx(treatment.expected_loss + 0.2, abs=1e-6)


def test_it_agrees_with_draws_for_several_arms_of_different_error() -> None:
    arms = [Estimate(100, 1.0, 1e-2), Estimate(100, 1.1, 1e-6), Estimate(100, 0.9, 4e-2)]
    draws = np.random.default_rng(1).normal(
        [arm.mean for arm in arms], [math.sqrt(arm.variance) for arm in arms], (400_000, 3)
    )
    best, loss = draws.argmax(axis=1), (draws.max(axis=1, keepdims=True) - draws).mean(axis=0)
    for index, belief in enumerate(believe(arms, sign=1) or ()):
        assert belief.chance_best == pytest.approx((best == index).mean(), abs=0.004)
        assert belief.expected_loss == pytest.approx(loss[index], abs=0.002)


def test_it_knows_which_way_is_better() -> None:
    fast, slow = believe([Estimate(100, 100.0, 4.0), Estimate(100, 110.0, 4.0)], sign=-1) or ()
    assert fast.chance_best > 0.99
    assert slow.expected_loss > fast.expected_loss


def test_it_says_nothing_where_an_error_is_not_known() -> None:
    assert believe([Estimate(1, 1.0, math.nan), Estimate(100, 1.0, 0.1)], sign=1) is None
    assert believe([Estimate(100, 0.0, 0.0), Estimate(100, 1.0, 0.1)], sign=1) is None
