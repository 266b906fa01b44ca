"""The twin's door for runs: what it takes, refuses and answers, by the contract."""

import re
from datetime import datetime
from typing import Any

from assay.core import token
from assay.core.codes import FAILURE_TYPES, REASONS, RUN_STATUSES, SIGNALS, STEP_TYPES
from assay.core.privacy import check_metadata, is_code

TOKENS = {"tokens_in", "tokens_out", "tokens_cached"}
TIMES = {"started_at", "ended_at"}
RUN = {"run_id", "agent_id", "agent_version", "environment", "status", "parent_run_id", "session_id", "trace_id"}
RUN |= {"span_id", "cost_usd", "resolution_id", "metadata", "steps", "failures", "decisions", "quality_signals"}
STEP = {"step_id", "parent_step_id", "step_type", "name", "seq", "status", "model", "resolution_id", "metadata"}
FAILURE = {"failure_type", "code", "step_id", "metadata"}
DECISION = {"decision_type", "selected", "candidates", "reason_code", "confidence", "step_id", "at", "metadata"}
SIGNAL = {"signal_type", "signal_code", "value", "weight", "step_id", "at", "metadata"}
NO_CODES = {"metadata", "steps", "failures", "decisions", "quality_signals", "candidates", "at", *TIMES}


class Refused(Exception):
    """What the server will not take, by its code."""


class Runs:
    """Runs as they are stored, by their ids; what became of each that came; and why parts of it were refused."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.answers: list[str] = []
        self.refusals: list[str] = []
        self.rejecting: set[str] = set()
        self.unheard_of: set[str] = set()
        self.reason = "time_out_of_range"

    def take(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        assert len(items) <= 1000
        results, rejected = [], []
        for index, item in enumerate(items):
            try:
                result, parts = self._take(item)
            except Refused as refused:
                told = {"index": index, "run_id": item.get("run_id"), "code": str(refused), "detail": "", "pointer": ""}
                rejected.append(told)
                self.refusals.append(str(refused))
            else:
                self.answers.append(result)
                self.refusals += [part["code"] for part in parts]
                results.append({"index": index, "run_id": item["run_id"], "result": result, "rejected": parts})
        return {"accepted": len(results), "results": results, "rejected": rejected}

    def _take(self, item: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        _check_run(item)
        if item["agent_id"] in self.rejecting:
            raise Refused(self.reason)
        parts = _without_bad_parts(item, self.unheard_of)
        known = self.taken.get(item["run_id"])
        if known is not None and known["status"] != "running":
            if item != known:
                raise Refused("run_conflict")
            return "duplicate", parts
        self.taken[item["run_id"]] = item
        return "stored" if known is None else "updated", parts


def _check_run(item: dict[str, Any]) -> None:
    _check(item, RUN | TOKENS | TIMES)
    _require(item["status"] in RUN_STATUSES, "unknown_status")
    _check_times(item)
    for name, length in (("trace_id", 32), ("span_id", 16)):
        _require(re.fullmatch(f"[0-9a-f]{{{length}}}", item.get(name, "0" * length)) is not None, "invalid_trace")
    _require(item.get("parent_run_id") != item["run_id"], "parent_cycle")
    _require(float(item.get("cost_usd", 0)) >= 0, "out_of_range")
    steps = item.get("steps", [])
    _require(len(steps) <= 10_000, "too_many_steps")
    ids = [step["step_id"] for step in steps]
    known = {None, *ids}
    _require(len(known) == len(ids) + 1, "duplicate_step")
    for step in steps:
        _check(step, STEP | TOKENS | TIMES)
        _require(step["step_type"] in STEP_TYPES and step.get("status", "success") in RUN_STATUSES, "unknown_step_type")
        parent = step.get("parent_step_id")
        _require(parent in known and parent != step["step_id"], "unknown_step")
        _check_times(step)


def _without_bad_parts(item: dict[str, Any], unheard_of: set[str]) -> list[dict[str, Any]]:
    rejected = []
    ids = {None, *(step["step_id"] for step in item.get("steps", []))}
    for name, check in (
        ("failures", _check_failure),
        ("decisions", _check_decision),
        ("quality_signals", _check_signal),
    ):
        for place, part in enumerate(item.get(name, [])):
            try:
                check(part)
                _require(part.get("step_id") in ids, "unknown_step")
                _require(part.get("reason_code") not in unheard_of, "unknown_reason")
            except Refused as refused:
                rejected.append({"pointer": f"/{name}/{place}", "code": str(refused), "detail": ""})
    return rejected


def _check_failure(failure: dict[str, Any]) -> None:
    _check(failure, FAILURE)
    _require(failure["failure_type"] in FAILURE_TYPES, "unknown_failure_type")


def _check_decision(decision: dict[str, Any]) -> None:
    _check(decision, DECISION)
    _require(decision["reason_code"] in REASONS.get(decision["decision_type"], ()), "unknown_reason")
    _require(0 <= decision.get("confidence", 0) <= 1, "out_of_range")
    codes = decision.get("candidates", [])
    _require(len(codes) <= 50 and all(is_code(code) for code in codes), "not_a_code")
    datetime.fromisoformat(decision["at"])


def _check_signal(signal: dict[str, Any]) -> None:
    _check(signal, SIGNAL)
    _require(signal["signal_code"] in SIGNALS.get(signal["signal_type"], ()), "unknown_signal")
    _require(signal["value"] in (True, False) and 0 <= signal.get("weight", 0) <= 1, "out_of_range")
    datetime.fromisoformat(signal["at"])


def _check(item: dict[str, Any], fields: set[str]) -> None:
    _require(set(item) <= fields, "unknown_field")
    _require(not check_metadata(item.get("metadata", {})), "metadata")
    for name in set(item) - NO_CODES:
        number = isinstance(item[name], int | float) and name in {*TOKENS, "seq", "confidence", "weight", "value"}
        _require(number or is_code(item[name]), "not_a_code")
    if "resolution_id" in item:
        token.read(item["resolution_id"])


def _check_times(item: dict[str, Any]) -> None:
    began, ended = (datetime.fromisoformat(item[name]) if name in item else None for name in ("started_at", "ended_at"))
    _require(began is not None and began.tzinfo is not None, "required")
    _require(ended is None or began is None or ended >= began, "ended_before_started")


def _require(good: bool, code: str) -> None:
    if not good:
        raise Refused(code)
