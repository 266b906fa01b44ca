"""Intervals and p-values that may be looked at at any time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.stats.sequence import Bounds, half_width, one_sided_width, p_value

levels = st.floats(1e-4, 0.2)
fractions = st.floats(1e-4, 50)


@given(level=levels, fraction=fractions, off=st.floats(1e-6, 0.5))
def test_it_never_lets_interval_and_p_value_disagree(level: float, fraction: float, off: float) -> None:
    edge = half_width(fraction, level)
    assert p_value(edge * (1 + off), fraction, level) < level
    assert p_value(edge * (1 - off), fraction, level) > level
    assert p_value(-edge * (1 + off), fraction, level) < level


@given(level=st.floats(1e-4, 0.05), fraction=st.floats(0.1, 50))
def test_it_costs_more_than_a_single_look_and_less_in_one_direction(level: float, fraction: float) -> None:
    assert one_sided_width(fraction, level) < half_width(fraction, level)
    assert one_sided_width(fraction, level) >= half_width(fraction, min(2 * level, 0.9)) * 0.99


def test_it_is_tightest_near_the_planned_number() -> None:
    """In the width relative to what a single look at that time would give, tuned to other numbers as well."""
    tuned_to = np.array([0.1, 0.5, 1, 2, 10])
    widths = half_width(1 / tuned_to, 0.05)
    assert widths.argmin() == 2
    assert widths[2] == pytest.approx(3.0354, abs=1e-3)


def test_it_says_nothing_without_evidence() -> None:
    assert p_value(0.0, 1.0, 0.05) == 1
    assert p_value(np.inf, 1.0, 0.05) == 0


def test_it_keeps_what_all_looks_agree_on() -> None:
    bounds = Bounds().meet(-1.0, 3.0, 0.5).meet(-2.0, 2.0, 0.8)
    assert bounds == Bounds(-1.0, 2.0, 0.5)
    assert [bounds.empty, bounds.above_zero, bounds.below_zero] == [False] * 3
    assert bounds.meet(0.5, 4.0).above_zero
    assert bounds.meet(-3.0, -0.5).below_zero
    assert bounds.meet(2.5, 4.0).empty


def test_it_leaves_open_sides_open() -> None:
    bounds = Bounds().meet(None, 1.0).meet(None, 0.5)
    assert bounds == Bounds(None, 0.5)
    assert not bounds.empty
    assert bounds.meet(None, -0.5).below_zero
