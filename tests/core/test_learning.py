"""The arithmetic of learning, which the server's SQL repeats."""

import math
from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.learn import START_SCORE, check_rate, engagement_rate, next_score
from hypothesis import given
from hypothesis import strategies as st


def test_it_counts_likes_comments_and_shares_over_impressions() -> None:
    assert engagement_rate(3, 2, 1, 24) == 0.25
    assert engagement_rate(0, 0, 0, 1) == 0
    assert engagement_rate(1, 1, 1, 3) == 1


def test_it_moves_the_score_by_three_tenths_of_the_way() -> None:
    assert math.isclose(next_score(START_SCORE, 0.0), 3.5)
    assert math.isclose(next_score(START_SCORE, 1.0), 6.5)
    assert math.isclose(next_score(START_SCORE, 0.5), 5.0)


@given(st.floats(0, 10), st.floats(0, 1))
def test_it_keeps_a_score_between_nought_and_ten(score: float, rate: float) -> None:
    assert 0 <= next_score(score, rate) <= 10


@pytest.mark.parametrize(
    ("counts", "pointers"),
    [
        ((-1, 0, 0, 1), ["/likes"]),
        ((0, 0.5, True, 1), ["/comments", "/shares"]),
        ((1, 1, 1, 2), ["/impressions"]),
        ((0, 0, 0, 0), ["/impressions"]),
        ((10**1000, 0, 0, 10**1000), ["/likes", "/impressions"]),
        ((0, 0, "3", None), ["/shares", "/impressions"]),
    ],
)
def test_it_names_each_count_that_cannot_be(counts: tuple[int, int, int, int], pointers: list[str]) -> None:
    with pytest.raises(AssayError) as refused:
        engagement_rate(*counts)

    assert refused.value.code == "invalid_engagement"
    assert [error.pointer for error in refused.value.errors] == pointers


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan, math.inf, True, "0.5", None, 10**30])
def test_it_refuses_what_is_no_rate(rate: Any) -> None:
    with pytest.raises(AssayError) as refused:
        check_rate(rate)

    assert refused.value.code == "invalid_engagement"


@pytest.mark.parametrize("rate", [0, 1, 0.5])
def test_it_takes_a_rate(rate: float) -> None:
    assert check_rate(rate) == rate
