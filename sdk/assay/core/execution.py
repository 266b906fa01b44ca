"""One use of a version, in numbers and codes: what it took, what it cost and how good it was."""

import math
from decimal import Decimal
from typing import Any

import msgspec

from assay.core.errors import AssayError, FieldError
from assay.core.privacy import is_code, not_a_code

CODES = ("error_type", "environment", "input_hash")
QUALITY = ("accuracy", "consistency", "completeness", "user_satisfaction")
COUNTS = ("input_tokens", "output_tokens", "cached_tokens")
MOST_TOKENS = 1_000_000_000
LONGEST_MS = 86_400_000.0
DEAREST_USD = Decimal(1_000_000)
# Half of this score is lost at two seconds.
HALF_AT_MS = 2000.0
WEIGHTS = {"accuracy": 0.4, "response_time": 0.2, "consistency": 0.2, "user_satisfaction": 0.2}


class Execution(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What one use of a version took. Everything may be absent; nothing here is content.

    `response_time_ms` in milliseconds, tokens are counts, `cost_usd` in US dollars, the qualities are in [0, 1].
    `error_type` is the code of what went wrong, absent where nothing did; `environment` and `input_hash` are codes.
    """

    response_time_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: Decimal | None = None
    error_type: str | None = None
    environment: str | None = None
    input_hash: str | None = None
    accuracy: float | None = None
    consistency: float | None = None
    completeness: float | None = None
    user_satisfaction: float | None = None


def check_execution(execution: Execution) -> None:
    """Raise `invalid_execution`, naming each field that holds what cannot be."""
    given = {name: value for name in CODES if (value := _of(execution, name)) is not None}
    errors = [not_a_code(name) for name, value in given.items() if not is_code(value)]
    errors += [
        FieldError(f"/{name}", "out_of_range", f"{name} must be from 0 to 1.")
        for name in QUALITY
        if not _within(_of(execution, name), 1.0)
    ]
    errors += [
        FieldError(f"/{name}", "out_of_range", f"{name} must be from 0 to {MOST_TOKENS}.")
        for name in COUNTS
        if not _within(_of(execution, name), MOST_TOKENS)
    ]
    if not _within(execution.response_time_ms, LONGEST_MS):
        errors.append(FieldError("/response_time_ms", "out_of_range", "response_time_ms must be from 0 to a day."))
    cost = execution.cost_usd
    if cost is not None and not (cost.is_finite() and 0 <= cost <= DEAREST_USD):
        errors.append(FieldError("/cost_usd", "out_of_range", f"cost_usd must be from 0 to {DEAREST_USD}."))
    if errors:
        raise AssayError("invalid_execution", errors[0].detail, errors=errors)


def response_score(response_time_ms: float) -> float:
    """How good a response time is, in (0, 1]: 2000 / (2000 + ms). At once is 1, two seconds ½, eight seconds ⅕.

    It never reaches 0, so that a slower answer is always worse than a slow one.
    """
    return HALF_AT_MS / (HALF_AT_MS + response_time_ms)


def composite(parts: dict[str, float | None]) -> float | None:
    """0.4 accuracy + 0.2 response time + 0.2 consistency + 0.2 user satisfaction, each in [0, 1]; so is the sum.

    None while one of them is not known: what is left out would make two versions look comparable that are not.
    """
    known = {name: value for name in WEIGHTS if (value := parts.get(name)) is not None}
    if len(known) < len(WEIGHTS):
        return None
    return math.fsum(WEIGHTS[name] * value for name, value in known.items())


def _of(execution: Execution, name: str) -> Any:
    return getattr(execution, name)


def _within(value: float | None, most: float) -> bool:
    # Not a number is in no range.
    return value is None or 0 <= value <= most
