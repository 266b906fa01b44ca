"""What a worker may say of work instead of a result, and what is told of work that came to none."""

from typing import Any

from assay.core.errors import AssayError
from assay.core.privacy import is_code
from assay.error_code import error_code
from assay.handoffs import answers, calls
from assay.handoffs.calls import Call
from assay.handoffs.shapes import Completed, Handoff, Pending
from assay.notices import logger

OVER = (404, 409)
"""Somebody else has it, or it is over."""
LOST = ("lease_lost", "wrong_status")
"""Of a conflict these say that it is no longer with this worker; of any other it still is."""


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


def tell_result(taken: Handoff, result: Any) -> Call[Completed | Handoff]:
    """What is told of work that came to a result; where that is no JSON, that it failed."""
    try:
        return calls.complete(taken, result)
    except AssayError as unfit:
        return _unfit(taken, unfit)


def tell_of(taken: Handoff, error: Exception) -> Call[Handoff]:
    """What is told of work that ended in an exception: what it was raised for, else that it failed, by its class."""
    try:
        if isinstance(error, Reject):
            return calls.reject(taken, error.reason, _code_in(taken, error))
        if isinstance(error, AskBack):
            return calls.request_input(taken, error.question)
    except AssayError as unfit:  # what it says is no JSON
        return _unfit(taken, unfit)
    # What an exception says stays in the process: it may hold what nobody meant to hand over.
    logger.warning("%s failed: %s", taken.task_id, error_code(error))
    return calls.fail(taken, "", error_code(error), retry=True)


def _unfit(taken: Handoff, error: AssayError) -> Call[Handoff]:
    """Another attempt may come to something that can be sent. The error's sentence is the client's own."""
    logger.warning("What %s came to is not sent: %s %s", taken.task_id, error.code, error.detail)
    return calls.fail(taken, error.detail, error.code, retry=True)


def _code_in(taken: Handoff, error: Reject) -> str:
    """Its code. Work that is turned down stays turned down where that is none: it goes without."""
    if not error.code or is_code(error.code):
        return error.code
    logger.warning("%s is rejected without its code, which is none: letters, digits and . _ : / @ + -", taken.task_id)
    return ""


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
    """What to tell instead, when what came of work could not be told: that it failed, so that nobody waits for its
    lease to run out. None where it is no longer with this worker, or the server is in trouble. Raises the error where
    the key is refused: it would be for all that follows."""
    if error.status in (401, 403):
        raise error
    logger.warning("%s could not be told about: %s", taken.task_id, answers.told_of(error))
    if error.status == 404 or error.code in LOST or answers.passes(error):
        return None
    return calls.fail(taken, "", answers.code_of(error), retry=True)


def not_given_back(taken: Handoff, error: AssayError) -> None:
    """Say that nothing could be told of it at all: it waits until its lease runs out."""
    logger.warning("%s could not be given back: %s", taken.task_id, answers.told_of(error))


def may_hold_on(taken: Handoff, error: AssayError) -> bool:
    """Whether a lease that could not be extended may be later, since the server is in trouble; else it is lost."""
    logger.warning("The lease on %s could not be extended: %s", taken.task_id, answers.told_of(error))
    return answers.passes(error)


def pause_of(lease_seconds: int) -> float:
    """Seconds between attempts to tell what came of work, while the server is in trouble."""
    return min(answers.ASKED_AGAIN_AFTER, lease_seconds / 10)
