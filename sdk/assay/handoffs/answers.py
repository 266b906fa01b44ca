"""Read what the server answers: a value, an error of its own, or a reason to try again."""

import random
from typing import Any, TypeVar

import httpx
import msgspec

from assay.core.errors import AssayError, FieldError
from assay.core.privacy import is_code
from assay.fallback import AssayUnavailable
from assay.handoffs.shapes import Page, Pending

# What passes by itself. A POST is sent with the same Idempotency-Key again: it happens once.
PASSING = frozenset({429, 502, 503, 504})
IN_USE = "idempotency_key_in_use"
"""The same request is still under way."""
LONGEST_PAUSE = 30.0
ASKED_AGAIN_AFTER = 5.0
"""Seconds, where the server does not say."""
LEAST_PAUSE = 0.2

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


def read_pending(response: httpx.Response) -> Pending:
    """What waits, and in how many seconds to ask again. Raises AssayError with the server's code."""
    return Pending(read(response, Page).results, max(seconds(response, ASKED_AGAIN_AFTER), LEAST_PAUSE))


def error_of(response: httpx.Response) -> AssayError:
    """The server's error, with what it tells beside: `handoff`, where the handoff stands, and `chain`."""
    status = response.status_code
    told = _problem_of(response)
    if told is None and status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        # Whoever on the way says so will say so again: to wait for another answer would be in vain.
        return AssayError("too_large", "This is too large for something between here and Assay.", status=status)
    if told is None:
        return AssayUnavailable(f"Assay cannot be reached: HTTP {status}.")
    extra = {name: value for name in ("handoff", "chain") if (value := getattr(told, name)) is not None}
    return AssayError(told.code or "error", told.detail, status=status, errors=told.errors, extra=extra)


def _problem_of(response: httpx.Response) -> _Problem | None:
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def no_answer(response: httpx.Response | None, failure: Exception | None) -> AssayError:
    """What is raised when the last attempt brought a reason to try again, or nothing."""
    if response is not None:
        return error_of(response)
    return AssayUnavailable(f"Assay cannot be reached: {type(failure).__name__}.")


def is_passing(response: httpx.Response) -> bool:
    """Whether the same request may fare better in a moment."""
    if response.status_code in PASSING:
        return True
    return response.status_code == 409 and error_of(response).code == IN_USE


def passes(error: AssayError) -> bool:
    """Whether it may fare better later, however often it was tried: the server is dead, busy or broken."""
    return error.status == 429 or error.status >= 500 or error.code == IN_USE


def told_of(error: AssayError) -> str:
    """What may be logged of it: the server's sentences may speak of what is in a handoff, its codes do not."""
    if isinstance(error, AssayUnavailable):
        return error.detail
    return f"HTTP {error.status} {code_of(error)}"


def code_of(error: AssayError) -> str:
    """Its code, where what the server, or something on the way, calls its code is one."""
    return error.code if is_code(error.code) else "unnamed"


def pause_before(attempt: int, response: httpx.Response | None) -> float:
    """Seconds before the next attempt, the first being 0: ever longer, a little at random, as long as it was told."""
    told = seconds(response) if response is not None else 0.0
    grown = 0.1 * 2.0**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps no secret
    return min(max(told, grown), LONGEST_PAUSE)


def seconds(response: httpx.Response, otherwise: float = 0.0) -> float:
    """Its Retry-After."""
    text = response.headers.get("retry-after", "")
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else otherwise
