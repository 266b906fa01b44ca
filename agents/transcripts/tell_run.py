"""Tell what a transcript shows as the JSON of a run: which tools were called and what came of it, no word of it."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from assay.core.errors import AssayError, FieldError

from config.complaints import told

MOST_MESSAGES = 5_000
LARGEST_NUMBER = 10**12
# How the names of tools begin that only look something up.
LOOKS_UP = ("get_", "search_", "list_", "find_", "lookup_")
HANDS_OVER = ("transfer_", "escalate_", "handoff_", "hand_off_")
PLANS = ("think", "plan")
COUNTS = ("calculate", "calculator")
NOTHING = ("[]", "{}", "null", "None", "")
FAILED = "Error"


class _Function(msgspec.Struct):
    name: str


class _ToolCall(msgspec.Struct):
    function: _Function
    id: str = ""


class _Message(msgspec.Struct):
    role: str
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None


class Transcript(msgspec.Struct):
    """One trial of one task, as tau-bench writes it (github.com/sierra-research/tau-bench); what else there is in it is
    not looked at. `reward`, in [0, 1], is 1 where the task was done."""

    task_id: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
    trial: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
    reward: Annotated[float, msgspec.Meta(ge=0, le=1)]
    traj: list[_Message]


def tell_run(value: Any, code: Callable[[str], str | None]) -> dict[str, Any]:
    """The run without who ran it and when, its id the transcript's own place among those of one file; `code` makes
    codes of names. Raises AssayError 422: `invalid_transcript`, with a pointer to the place, `too_many_messages`."""
    try:
        transcript = msgspec.convert(value, Transcript)
    except msgspec.ValidationError as error:
        wrong = told(error).errors[0]
        detail = f"This is no transcript: task_id, trial, reward, traj. {wrong.detail}"
        place = FieldError(wrong.pointer, "invalid_transcript", detail)
        raise AssayError("invalid_transcript", detail, errors=[place]) from None
    if len(transcript.traj) > MOST_MESSAGES:
        raise AssayError("too_many_messages", f"A transcript may have {MOST_MESSAGES} messages at most.")
    return _Telling(transcript, code).run()


class _Telling:
    """One pass over the messages of a transcript."""

    def __init__(self, transcript: Transcript, code: Callable[[str], str | None]) -> None:
        self.transcript, self.code = transcript, code
        self.steps: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.signals: list[dict[str, Any]] = []
        self.results = _match_results(transcript.traj)
        self.calls = 0
        # By tool: how often in a row it has failed.
        self.failed: dict[str, int] = {}

    def run(self) -> dict[str, Any]:
        transcript = self.transcript
        for message in transcript.traj:
            if message.role == "assistant":
                self._step("model", "chat")
                for call in message.tool_calls or ():
                    self._call(call)
                if not message.tool_calls:
                    self._step("respond", "reply")
        if transcript.reward < 1:
            self.failures.append({"failure_type": "validation", "code": "task_not_done"})
        status = "success" if transcript.reward >= 1 else "failure" if transcript.reward <= 0 else "partial"
        return {
            "run_id": f"task-{transcript.task_id}-trial-{transcript.trial}",
            "session_id": f"task-{transcript.task_id}",
            "status": status,
            "metadata": {"task": transcript.task_id, "trial": transcript.trial, "reward": transcript.reward},
            "steps": self.steps,
            "failures": self.failures,
            "decisions": self.decisions,
            "quality_signals": self.signals,
        }

    def _step(self, kind: str, name: str, status: str = "success") -> str:
        step_id = str(len(self.steps))
        self.steps.append({"step_id": step_id, "step_type": kind, "name": name, "status": status})
        return step_id

    def _call(self, call: _ToolCall) -> None:
        """The call of a tool, what was chosen by it, and what is observed of it."""
        name = self.code(call.function.name) or "unnamed"
        result = self.results.get(self.calls)
        self.calls += 1
        has_failed = result is not None and result.startswith(FAILED)
        kind = "plan" if name in PLANS else "handoff" if name.startswith(HANDS_OVER) else "tool"
        step_id = self._step(kind, name, "failure" if has_failed else "running" if result is None else "success")
        self._decide(name, step_id)
        tries = self.failed.pop(name, 0)
        if tries:
            self._signal("retry_occurred", "single_retry" if tries == 1 else "multiple_retries", step_id)
        if has_failed:
            # What the tool had to say is content; that it refused what it was asked is all that is kept.
            self.failed[name] = tries + 1
            self.failures.append({"failure_type": "tool", "code": "refused", "step_id": step_id})
            self._signal("tool_failure", "invalid_input", step_id)
        elif kind == "tool" and result is not None:
            self._signal("tool_success", "after_retry" if tries else "first_attempt", step_id)
            if name.startswith(LOOKS_UP) and result.strip() in NOTHING:
                self._signal("empty_retrieval", "no_results", step_id)

    def _decide(self, name: str, step_id: str) -> None:
        """A choice that the call itself shows: to look something up, to count exactly, to hand over to a person."""
        if name.startswith(LOOKS_UP):
            kind, reason = "tool_selection", "fresh_data_required"
        elif name in COUNTS:
            kind, reason = "tool_selection", "accuracy_required"
        elif name.startswith(HANDS_OVER):
            kind, reason = "orchestration_path", "fallback_path"
        else:
            return
        self.decisions.append(
            {
                "decision_id": f"chosen-{step_id}",
                "decision_type": kind,
                "selected": name,
                "reason_code": reason,
                "step_id": step_id,
            }
        )

    def _signal(self, kind: str, code: str, step_id: str) -> None:
        self.signals.append(
            {
                "signal_id": f"{kind}-{step_id}",
                "signal_type": kind,
                "signal_code": code,
                "value": True,
                "step_id": step_id,
            }
        )


def _match_results(messages: Iterable[_Message]) -> dict[int, str]:
    """What came of each call, by its number among all calls of the transcript.

    An id may be used again later on: a result belongs to the first call of its id that has none yet.
    """
    results: dict[int, str] = {}
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    calls = 0
    for message in messages:
        if message.role == "assistant":
            for call in message.tool_calls or ():
                waiting[call.id].append(calls)
                calls += 1
        elif message.role == "tool" and message.tool_call_id and waiting[message.tool_call_id]:
            results[waiting[message.tool_call_id].popleft()] = message.content or ""
    return results
