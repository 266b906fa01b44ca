"""How a use of a version is scored, and what an execution may hold."""

from decimal import Decimal
from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.execution import Execution, check_execution, composite, response_score
from assay.core.privacy import is_code


def test_a_response_time_is_worth_less_the_longer_it_is_and_never_nothing() -> None:
    assert [response_score(ms) for ms in (0, 2000, 8000)] == [1.0, 0.5, 0.2]
    scores = [response_score(ms) for ms in (1, 10, 100, 1000, 10_000, 86_400_000)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


def test_the_composite_weighs_its_four_parts() -> None:
    parts: dict[str, float | None] = {
        "accuracy": 1.0,
        "response_time": 0.5,
        "consistency": 0.25,
        "user_satisfaction": 0.75,
    }
    assert composite(parts) == pytest.approx(0.4 + 0.1 + 0.05 + 0.15)
    assert composite(dict.fromkeys(parts, 1.0)) == pytest.approx(1.0)
    assert composite(parts | {"completeness": 0.0}) == composite(parts)


@pytest.mark.parametrize("missing", ["accuracy", "response_time", "consistency", "user_satisfaction"])
def test_there_is_no_composite_while_a_part_is_not_known(missing: str) -> None:
    parts: dict[str, float | None] = dict.fromkeys(
        ("accuracy", "response_time", "consistency", "user_satisfaction"), 0.5
    )
    assert composite(parts | {missing: None}) is None


@pytest.mark.parametrize("text", ["a", "rate_limit", "gpt-4.1/eu:2", "a@b+c", "x" * 100])
def test_a_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize("text", ["", "two words", "é", "x" * 101, "line\n", "a\x00", "quote'", None, 7])
def test_no_code(text: Any) -> None:
    assert not is_code(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"accuracy": float("nan")},
        {"accuracy": 1.0001},
        {"response_time_ms": float("inf")},
        {"input_tokens": 10**10},
        {"cost_usd": Decimal("NaN")},
        {"cost_usd": Decimal("-0.01")},
        {"error_type": "it broke because"},
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(fields: dict[str, Any]) -> None:
    with pytest.raises(AssayError) as refused:
        check_execution(Execution(**fields))
    assert [error.pointer for error in refused.value.errors] == [f"/{name}" for name in fields]
    assert "broke" not in str(refused.value)
