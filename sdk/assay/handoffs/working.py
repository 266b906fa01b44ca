"""What a worker may say of work instead of a result, and what is told of work that came to none."""

from typing import Any

from assay.core.errors import AssayError
from assay.error_code import error_code
from assay.handoffs import answers, calls
from assay.handoffs.calls import Call
from assay.handoffs.shapes import Handoff, Pending
from assay.notices import logger

UNFIT = (400, 413, 422)
"""A result too large, for instance: another attempt may bring one that can be taken."""
OVER = (404, 409)
"""Somebody else has it, or it is over."""


class Reject(Exception):
    """Raise it to turn work down: `reason` for people, `code` for programs."""

    def __init__(self, reason: str = "", *, code: str = "") -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code


class AskBack(Exception):
    """Raise it when something must be known first. The work waits until somebody answers, and then comes again."""

    def __init__(self, question: Any) -> None:
        super().__init__(question)
        self.question = question


def tell_of(taken: Handoff, error: Exception) -> Call[Handoff]:
    """What is told of work that ended in an exception: what it was raised for, else that it failed, by its class."""
    try:
        if isinstance(error, Reject):
            return calls.reject(taken, error.reason, error.code)
        if isinstance(error, AskBack):
            return calls.request_input(taken, error.question)
    except AssayError as unfit:  # what it says is no JSON
        error = unfit
    # What an exception says stays in the process: it may hold what nobody meant to hand over.
    logger.warning("%s failed: %s", taken.task_id, error_code(error))
    return calls.fail(taken, "", error_code(error), retry=True)


def nothing_yet(error: AssayError) -> Pending:
    """What waits while the server is in trouble: nothing, for a while. Raises the error where it will not pass."""
    if not answers.passes(error):
        raise error
    logger.warning("Handoffs wait: %s", answers.told_of(error))
    return Pending([], answers.ASKED_AGAIN_AFTER)


def not_taken(error: AssayError) -> None:
    """Nothing to do where another was first, it is over, or the server is in trouble. Raises any other error."""
    if error.status not in OVER and not answers.passes(error):
        raise error


def not_delivered(taken: Handoff, error: AssayError) -> Call[Handoff] | None:
    """What to tell instead, when what came of work could not be told; None where there is nothing. Raises the error
    where the key is refused: it would be for all that follows."""
    if error.status in (401, 403):
        raise error
    logger.warning("%s could not be told about: %s", taken.task_id, answers.told_of(error))
    return calls.fail(taken, "", answers.code_of(error), retry=True) if error.status in UNFIT else None


def may_hold_on(taken: Handoff, error: AssayError) -> bool:
    """Whether a lease that could not be extended may be later, since the server is in trouble; else it is lost."""
    logger.warning("The lease on %s could not be extended: %s", taken.task_id, answers.told_of(error))
    return answers.passes(error)


def pause_of(lease_seconds: int) -> float:
    """Seconds between attempts to tell what came of work, while the server is in trouble."""
    return min(answers.ASKED_AGAIN_AFTER, lease_seconds / 10)
