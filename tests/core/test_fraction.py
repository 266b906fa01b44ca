"""Assignment is a hash: sticky, uniform, and the same in every language."""

from typing import Any

import pytest
from assay.core.assign import check_unit, fraction, unit_hash
from assay.core.errors import AssayError
from hypothesis import given
from hypothesis import strategies as st

# Worked out with Node's crypto and BigInt, as numerators over 2^53.
GOLDEN = [
    ("exp_7c1", "arm", "user-42", 1382956031633953),
    ("salt", "coverage", "été 🌞", 3798127682016931),
    ("0198c5a0-0000-7000-8000-000000000001", "draw", "a:b:c", 859395504219076),
    ("", "", "x", 223873368423877),
    ("spring-test", "arm", "x" * 200, 5160454856983307),
    ("spring-test", "arm", "user-123", 1616253773241300),
    ("spring-test", "coverage", "user-123", 596853057922027),
]


@pytest.mark.parametrize(("salt", "purpose", "unit", "numerator"), GOLDEN)
def test_it_gives_the_golden_values(salt: str, purpose: str, unit: str, numerator: int) -> None:
    assert fraction(salt, purpose, unit) == numerator / 2**53


@given(st.text(max_size=50), st.text(max_size=50), st.text(min_size=1, max_size=200))
def test_it_is_sticky_and_never_reaches_one(salt: str, purpose: str, unit: str) -> None:
    value = fraction(salt, purpose, unit)

    assert 0 <= value < 1
    assert value == fraction(salt, purpose, unit)


def test_it_is_uniform() -> None:
    counts = [0] * 100
    for number in range(100_000):
        counts[int(100 * fraction("salt", "arm", f"user-{number}"))] += 1

    chi_squared = sum((count - 1000) ** 2 / 1000 for count in counts)
    assert chi_squared < 148.2  # the 99.9 % point at 99 degrees of freedom


def test_it_does_not_let_one_purpose_tell_of_another() -> None:
    both = sum(
        fraction("salt", "arm", f"user-{number}") < 0.5 and fraction("salt", "coverage", f"user-{number}") < 0.5
        for number in range(40_000)
    )
    assert abs(both - 10_000) < 300


def test_it_hashes_a_unit_within_its_project() -> None:
    assert unit_hash("p", "u").hex() == "00ba67097ba72e28"


@pytest.mark.parametrize("unit", ["x", "x" * 200, " ", "été 🌞", "a:b"])
def test_it_takes_a_unit_as_it_is(unit: str) -> None:
    assert check_unit(unit) == unit


@pytest.mark.parametrize("unit", ["", "x" * 201, "\ud800", 5, None, b"x"])
def test_it_refuses_what_is_no_unit(unit: Any) -> None:
    with pytest.raises(AssayError) as refused:
        check_unit(unit)

    assert refused.value.code == "invalid_unit"
    assert [error.pointer for error in refused.value.errors] == ["/unit"]
