"""Read what the server answers: a value, an error of its own, or a reason to try again."""

import random
from typing import Any, TypeVar

import httpx
import msgspec

from assay.core.errors import AssayError, FieldError
from assay.fallback import AssayUnavailable

# What passes by itself. A POST is sent with the same Idempotency-Key again: it happens once.
PASSING = frozenset({429, 502, 503, 504})
LONGEST_PAUSE = 30.0

T = TypeVar("T")


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""
    errors: list[FieldError] = []
    handoff: dict[str, Any] | None = None
    chain: list[str] | None = None


def read(response: httpx.Response, shape: type[T]) -> T:
    """The value of an answer. Raises AssayError with the server's code."""
    if response.status_code >= 300:
        raise error_of(response)
    try:
        return msgspec.json.decode(response.content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise AssayUnavailable("What answered is not Assay, or another version of it.") from None


def error_of(response: httpx.Response) -> AssayError:
    """The server's error, with what it tells beside: `handoff`, where the handoff stands, and `chain`."""
    status = response.status_code
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return AssayUnavailable(f"Assay cannot be reached: HTTP {status}.")
    try:
        told = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AssayUnavailable(f"Assay cannot be reached: HTTP {status}.")
    extra = {name: value for name in ("handoff", "chain") if (value := getattr(told, name)) is not None}
    return AssayError(told.code or "error", told.detail, status=status, errors=told.errors, extra=extra)


def unreachable(error: Exception) -> AssayUnavailable:
    """What is raised when no answer came."""
    return AssayUnavailable(f"Assay cannot be reached: {type(error).__name__}.")


def is_passing(response: httpx.Response) -> bool:
    """Whether the same request may fare better in a moment."""
    if response.status_code in PASSING:
        return True
    return response.status_code == 409 and error_of(response).code == "idempotency_key_in_use"


def pause_before(attempt: int, response: httpx.Response | None) -> float:
    """Seconds before the next attempt, the first being 0: ever longer, a little at random, as long as it was told."""
    told = seconds(response) if response is not None else 0.0
    grown = 0.1 * 2.0**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps no secret
    return min(max(told, grown), LONGEST_PAUSE)


def seconds(response: httpx.Response, otherwise: float = 0.0) -> float:
    """Its Retry-After."""
    text = response.headers.get("retry-after", "")
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else otherwise
