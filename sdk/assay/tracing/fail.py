"""Say of an exception what kind of failure it is, by its class alone: its message may hold anything."""

from typing import Final

from assay.core.privacy import is_code

TYPES_BY_STEP: Final = {"tool": "tool", "model": "model", "retrieve": "retrieval", "validate": "validation"}
ELSEWHERE: Final = "orchestration"
MARK: Final = "_assay_failure"
LONGEST_NAME = 64


def status_of(error: BaseException | None) -> str:
    """Return how what this error left has ended. A generator that nobody reads to its end is no failure, nor is
    `sys.exit()`."""
    if isinstance(error, GeneratorExit):
        return "partial"
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "success"
    return "failure"


def type_of(error: BaseException, step_type: str | None) -> str:
    """Return the failure's type: a timeout, by whatever library, else by the type of the step that it came from."""
    if any("timeout" in kind.__name__.lower() for kind in type(error).__mro__):
        return "timeout"
    return TYPES_BY_STEP.get(step_type or "", ELSEWHERE)


def code_of(error: BaseException) -> str:
    """Return the name of the error's class, or of the nearest class above it whose name is a code."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next(name for name in names if is_code(name) and len(name) <= LONGEST_NAME)


def is_told(error: BaseException, run_id: str) -> bool:
    """Return whether the run has this error among its failures, since it left a step of it."""
    return vars(error).get(MARK) == run_id


def tell(error: BaseException, run_id: str) -> None:
    """Remember that the run has this error among its failures.

    It is the error that remembers: to hold on to it would keep all alive that its traceback sees, and its `id` may soon
    be another's.
    """
    vars(error)[MARK] = run_id
