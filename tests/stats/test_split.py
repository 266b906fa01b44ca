"""Whether exposures fell on the arms as planned."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from experiments.stats import split
from experiments.stats.split import Phase, check_split, log_evidence


def test_it_expects_evidence_of_one_under_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all ways in which eight units can fall on three arms; with a weak prior, for it to move at all."""
    monkeypatch.setattr(split, "CONCENTRATION", 5.0)
    shares = np.array([0.5, 0.3, 0.2])
    mean = 0.0
    for fallen in product(range(3), repeat=8):
        counts = np.bincount(fallen, minlength=3)
        mean += float(np.exp(log_evidence(counts, tuple(shares)))) * float(np.prod(shares**counts))
    assert mean == pytest.approx(1)


def test_it_finds_a_split_that_is_off() -> None:
    assert not check_split([Phase((1, 1), (10_400, 9_600))]).sound
    assert check_split([Phase((1, 1), (10_050, 9_950))]).sound
    assert check_split([Phase((9, 1), (9_020, 980))]).sound
    assert not check_split([Phase((1, 1), (9_020, 980))]).sound


def test_it_does_not_forget_an_alarm() -> None:
    assert not check_split([Phase((1, 1), (10_000, 10_000))], smallest_p=0.0005).sound


def test_it_goes_on_from_a_withdrawal_with_the_arms_that_are_left() -> None:
    first, second = Phase((1, 1, 1), (1000, 1010, 990)), Phase((1, 1), (5000, 5060))
    assert check_split([first, second]).sound
    assert not check_split([first, Phase((1, 1), (5000, 5800))]).sound

    first, second = Phase((1, 1, 1), (1000, 1130, 890)), Phase((1, 1), (5000, 5330))
    evidence = [float(log_evidence(np.array(phase.exposed), phase.shares)) for phase in (first, second)]
    assert min(evidence) > 0.5
    assert check_split([first, second]).p == pytest.approx(math.exp(-sum(evidence)))


def test_it_shows_the_chi_square_beside_it() -> None:
    found = check_split([Phase((5, 3, 2), (520, 290, 190))]).chi_square_p
    assert found == pytest.approx(stats.chisquare([520, 290, 190], [500, 300, 200]).pvalue)


def test_it_says_nothing_before_the_first_exposure() -> None:
    nothing = check_split([Phase((1, 1), (0, 0))])
    assert (nothing.p, nothing.chi_square_p, nothing.in_two_arms) == (1, 1, 0)
    assert check_split([]).sound


def test_it_takes_units_in_two_arms_as_unsound_above_one_per_cent() -> None:
    assert check_split([Phase((1, 1), (500, 500))], in_two_arms=10).units_sound
    assert not check_split([Phase((1, 1), (500, 500))], in_two_arms=11).units_sound
