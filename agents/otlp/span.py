"""A span as it is kept: codes and numbers, whatever it was sent with."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from assay.core import token
from assay.core.codes import REASONS
from assay.core.errors import AssayError

from agents.otlp import aliases
from agents.otlp.attributes import Attribute, Kept, family, text_of
from agents.otlp.failures import code_of
from agents.otlp.name import Namer
from agents.telemetry.facts import Trial

# Of a request: clients send some thousands at most.
MOST_SENT = 50_000
UNSAID = "unknown"
PRODUCTION = "production"
ERROR = 2
NO_TRACE = "0" * 32
NOBODY = "0" * 16
_OF_RESOURCE = {key for keys in aliases.RESOURCE.values() for key in keys}


class Origin(msgspec.Struct, frozen=True):
    """Who sent a span: codes."""

    service: str = UNSAID
    service_version: str = UNSAID
    environment: str = PRODUCTION


class Chosen(msgspec.Struct, frozen=True):
    """A decision that a span tells of."""

    decision_type: str
    reason_code: str
    selected: str | None = None
    confidence: float | None = None


class Span(msgspec.Struct, kw_only=True):
    """`kind` is `agent` or a step's type; `known` whether it is a span of the kinds that make runs.

    Times are microseconds since 1970. A span that ended before it began, as where a clock is set back, has ended the
    microsecond before: how long it took is not known. `agent`, `session` and the three of its origin are an agent's
    own; of a step they only tell what run it may be of while no agent is known, and are None once it has been stored.
    `code` says what a failed span failed of.
    """

    span_id: str
    parent_id: str | None = None
    remote_parent: bool = False
    kind: str
    known: bool = True
    name: str | None = None
    started: int
    ended: int | None = None
    failed: bool = False
    code: str | None = None
    agent: str | None = None
    agent_version: str | None = None
    session: str | None = None
    service: str | None = None
    service_version: str | None = None
    environment: str | None = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost: float | None = None
    documents: int | None = None
    trial: Trial | None = None
    decision: Chosen | None = None


class Sent:
    """What a request sent: spans by trace, how many were rejected and why, and what was dropped of the others."""

    def __init__(self, namer: Namer, *, earliest: int, latest: int) -> None:
        """Spans that began before `earliest` or after `latest`, in microseconds since 1970, are rejected."""
        self.traces: defaultdict[str, list[Span]] = defaultdict(list)
        self.rejected: defaultdict[str, int] = defaultdict(int)
        self.dropped: defaultdict[str, int] = defaultdict(int)
        # Those that name a version of a prompt: nobody has looked yet whose it is.
        self.tried: list[Span] = []
        self._taken = 0
        self._namer = namer
        self._earliest, self._latest = earliest, latest

    def origin(self, attributes: Iterable[Attribute]) -> Origin:
        """Who sent the spans of this resource. What else it says is counted, once."""
        texts: dict[str, str] = {}
        dropped: list[str] = []
        for attribute in attributes:
            key = attribute.key
            if key in _OF_RESOURCE:
                texts[key] = text_of(attribute.value, dropped) or ""
            elif not key.startswith(aliases.OF_SENDER):
                dropped.append(family(key))
        self._count(dropped)
        told = {
            name: next((code for key in keys if (code := self._namer.code(texts.get(key, "")))), None)
            for name, keys in aliases.RESOURCE.items()
        }
        return Origin(**{name: code for name, code in told.items() if code is not None})

    def pass_over(self, attributes: Iterable[Attribute]) -> None:
        """Count what a scope says: nothing of it is kept."""
        self._count(family(attribute.key) for attribute in attributes)

    def _count(self, dropped: Iterable[str]) -> None:
        for name in dropped:
            self.dropped[name] += 1

    def refuses(self, trace_id: str, span_id: str, started: int, ended: int) -> bool:
        """Count a span that cannot be taken at all."""
        if len(trace_id) != 32 or len(span_id) != 16 or trace_id == NO_TRACE or span_id == NOBODY:
            self.rejected["invalid_id"] += 1
        elif not (self._earliest <= started <= self._latest and ended <= self._latest):
            self.rejected["time_out_of_range"] += 1
        elif self._taken >= MOST_SENT:
            self.rejected["too_many_sent"] += 1
        else:
            self._taken += 1
            return False
        return True

    def add(
        self, trace_id: str, span_id: str, parent_id: str, name: str, kept: Kept, *,
        origin: Origin, started: int, ended: int, status: int, remote_parent: bool,
    ) -> None:  # fmt: skip
        """Keep one span. `ended` is 0 where it has not, `parent_id` empty where there is none."""
        told = kept.texts
        code = self._namer.code
        operation = told.get("operation", "")
        kind, known = _kind(told, operation)
        self._count(kept.dropped)
        failed = status == ERROR or (status == 0 and "error" in told)
        span = Span(
            span_id=span_id,
            parent_id=None if len(parent_id) != 16 or parent_id in (span_id, NOBODY) else parent_id,
            kind=kind,
            known=known,
            started=started,
            ended=self._end(started, ended),
            service=origin.service,
            service_version=origin.service_version,
            environment=origin.environment,
        )
        if kind == "agent":
            said = told.get("agent") or told.get("workflow") or name.removeprefix(f"{operation} ")
            span.agent = code(said) or origin.service
            version = told.get("agent_version")
            span.agent_version = code(version) if version else origin.service_version
        else:
            span.name = code(told.get("tool") or name.removeprefix("execute_tool ") if kind == "tool" else name)
            if "agent" in told:
                span.agent = code(told["agent"])
        if remote_parent:
            span.remote_parent = span.parent_id is not None
        if failed:
            span.failed = True
            span.code = code_of(code(told.get("error", "")), told.get("http_status"))
        if "session" in told:
            span.session = code(told["session"])
        if kind == "model":
            self._add_use(span, told)
        elif kind == "retrieve":
            span.model = code(told.get("model", ""))
            span.documents = _documents(told, kept.dropped, failed=failed)
        if "decision_type" in told or "resolution" in told:
            self._add_choices(span, told)
            # Who tells of a decision or a version means to be heard.
            span.known = known or span.decision is not None or span.trial is not None
        self.traces[trace_id].append(span)

    def _end(self, started: int, ended: int) -> int | None:
        if ended and ended < started:
            self.dropped["durations"] += 1
        return max(ended, started - 1) if ended else None

    def _add_use(self, span: Span, told: dict[str, Any]) -> None:
        span.model = self._namer.code(told.get("model", ""))
        span.tokens_in = told.get("tokens_in")
        span.tokens_out = told.get("tokens_out")
        span.tokens_cached = told.get("tokens_cached")
        if "cost" in told:
            span.cost = float(told["cost"])

    def _add_choices(self, span: Span, told: dict[str, Any]) -> None:
        if "resolution" in told:
            span.trial = _trial(told["resolution"])
            if span.trial is not None:
                self.tried.append(span)
            else:
                self.dropped["unknown_versions"] += 1
        decision_type, reason = told.get("decision_type"), told.get("decision_reason")
        if decision_type is None:
            return
        if reason not in REASONS.get(decision_type, ()):
            self.dropped["unknown_reasons"] += 1
            return
        span.decision = Chosen(
            decision_type,
            reason,
            self._namer.code(told.get("decision_selected", "")),
            float(told["confidence"]) if "confidence" in told else None,
        )


def _kind(told: dict[str, Any], operation: str) -> tuple[str, bool]:
    kind = aliases.OPERATIONS.get(operation) or aliases.SPAN_KINDS.get(told.get("span_kind", "").upper())
    if kind is not None:
        return kind, True
    if "tool" in told:
        return "tool", True
    if "model" in told or "tokens_in" in told or "tokens_out" in told:
        return "model", True
    if "workflow" in told:
        return "agent", True
    return "other", bool(operation or "span_kind" in told)


def _documents(told: dict[str, Any], dropped: list[str], *, failed: bool) -> int | None:
    """How many were found; None where nobody says."""
    if "documents" in told:
        return int(told["documents"])
    if "records" in told:
        return int(told["records"])
    # OpenInference has no attribute for a list without members.
    silent = told.get("span_kind", "").upper() == "RETRIEVER" and "outputs" in dropped and not failed
    return 0 if silent else None


def _trial(resolution_id: str) -> Trial | None:
    try:
        said = token.read(resolution_id)
    except AssayError:
        return None
    experiment = None if said.experiment_id is None else UUID(said.experiment_id)
    return Trial(UUID(said.version_id), experiment, said.arm)
