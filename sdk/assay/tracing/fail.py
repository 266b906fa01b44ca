"""Say of an exception what kind of failure it is, by its class alone: its message may hold anything."""

import os
from asyncio import CancelledError
from typing import Final

TYPES_BY_STEP: Final = {"tool": "tool", "model": "model", "retrieve": "retrieval", "validate": "validation"}
ELSEWHERE: Final = "orchestration"
MARK: Final = "_assay_failure"


def status_of(error: BaseException | None, *, of_step: bool = False) -> str:
    """Return how what this error left has ended. A generator that nobody reads to its end is no failure, nor is
    `sys.exit()`; nor a step that is cancelled, which happens to all that go on beside one that fails."""
    if isinstance(error, GeneratorExit) or (of_step and isinstance(error, CancelledError)):
        return "partial"
    if error is None or (isinstance(error, SystemExit) and _is_well(error.code)):
        return "success"
    return "failure"


def type_of(error: BaseException, step_type: str | None) -> str:
    """Return the failure's type: a timeout, by whatever library, else by the type of the step that it came from."""
    if any("timeout" in kind.__name__.lower() for kind in type(error).__mro__):
        return "timeout"
    return TYPES_BY_STEP.get(step_type or "", ELSEWHERE)


def is_told(error: BaseException, run_id: str) -> bool:
    """Return whether the run has this error among its failures, since it left a step of it; of a group, each of it."""
    if vars(error).get(MARK) == _mark(run_id):
        return True
    return isinstance(error, BaseExceptionGroup) and all(is_told(part, run_id) for part in error.exceptions)


def tell(error: BaseException, run_id: str) -> None:
    """Remember that the run has this error among its failures.

    It is the error that remembers: to hold on to it would keep all alive that its traceback sees, and its `id` may soon
    be another's.
    """
    vars(error)[MARK] = _mark(run_id)


def _is_well(exit_code: object) -> bool:
    # As the interpreter judges it, but anything can be given: it may not even be possible to compare it.
    return exit_code is None or (issubclass(type(exit_code), int) and exit_code == 0)


def _mark(run_id: str) -> str:
    # What a forked process told of the run is not told: only the process that began it sends it.
    return f"{run_id}#{os.getpid()}"
