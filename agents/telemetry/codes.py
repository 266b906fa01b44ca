"""Check that what should be codes are codes: all those of a run at once, and one by one where that fails."""

import string
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from assay.core.errors import FieldError
from assay.core.privacy import is_code, not_a_code

from agents.telemetry.sent import SentDecision, SentFailure, SentRun, SentSignal, SentStep

# By type, which of its fields are codes; candidates are a list of them.
CODES: dict[type, tuple[str, ...]] = {
    SentRun: ("run_id", "agent_id", "agent_version", "environment", "parent_run_id", "session_id"),
    SentStep: ("step_id", "parent_step_id", "name", "model"),
    SentFailure: ("code", "step_id"),
    SentDecision: ("decision_id", "selected", "step_id"),
    SentSignal: ("signal_id", "step_id"),
}
_OF_RUN, _OF_STEP, _OF_FAILURE, _OF_DECISION, _OF_SIGNAL = (attrgetter(*names) for names in CODES.values())
NO_CANDIDATE = "A candidate is a code: 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces."
_LETTERS = (string.ascii_letters + string.digits + "._:/@+-").encode()


def are_codes(run: SentRun) -> bool:
    """Whether all codes of this run, each of 1 to 100 characters, are of the letters of codes."""
    texts = [*_OF_RUN(run)]
    for step in run.steps or ():
        texts += _OF_STEP(step)
    for decision in run.decisions or ():
        texts += _OF_DECISION(decision)
        texts += decision.candidates or ()
    for signal in run.quality_signals or ():
        texts += _OF_SIGNAL(signal)
    for failure in run.failures or ():
        texts += _OF_FAILURE(failure)
    if run.failure is not None:
        texts += _OF_FAILURE(run.failure)
    joined = "".join(filter(None, texts))
    return joined.isascii() and not joined.encode().translate(None, _LETTERS)


def not_codes(part: Any) -> Iterator[FieldError]:
    """The fields of a run, without its parts, or of a part, that should be codes and are none."""
    for name in CODES[type(part)]:
        value = getattr(part, name)
        if value is not None and not is_code(value):
            yield not_a_code(name)
    for place, candidate in enumerate(_candidates(part)):
        if not is_code(candidate):
            yield FieldError(f"/candidates/{place}", "not_a_code", NO_CANDIDATE)


def _candidates(part: Any) -> Iterable[str]:
    return (part.candidates or ()) if isinstance(part, SentDecision) else ()
