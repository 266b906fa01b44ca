"""Runs as agents report them: one, or many in a batch, as JSON or a line of JSON each, as they are or as gzip."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError, single
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agents.record_runs import Recorded, record_runs
from agents.telemetry.odd_json import read_odd_json
from agents.telemetry.sent import SentRun
from agents.telemetry.split_items import split_items
from config.bodies import body_of
from config.fast_lane import for_programs
from config.rest import JSON_TYPE
from sentinel.authentication import authenticate

MOST_RUNS = 1000
# More than a batch with 1,000 runs has in 16 MiB. They are counted by their commas, before any is made.
MOST_VALUES = 1_000_000
LINES = ("application/x-ndjson", "application/jsonl")


class RunBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Up to 1,000 runs."""

    items: Annotated[list[SentRun], msgspec.Meta(max_length=MOST_RUNS)]


class RefusedPart(msgspec.Struct):
    """A part of a run that was not taken, where the run itself was."""

    pointer: str
    code: str
    detail: str


class RunTaken(msgspec.Struct, omit_defaults=True):
    """A run as it stands now: `result` is `stored`, `updated` or `duplicate`. `dropped` counts by kind what the project
    does not keep."""

    run_id: str
    id: UUID
    result: str
    steps: int
    decisions: int
    quality_signals: int
    rejected: list[RefusedPart]
    dropped: dict[str, int] = {}


class RunResult(msgspec.Struct, omit_defaults=True):
    """A run of a batch that was taken, now or before."""

    index: int
    run_id: str
    id: UUID
    result: str
    rejected: list[RefusedPart]
    dropped: dict[str, int] = {}


class RunRejected(msgspec.Struct):
    """A run that was not taken: its place in the batch from 0, its own id, and what is wrong where in it."""

    index: int
    run_id: str | None
    code: str
    detail: str
    pointer: str


class RunsAnswer(msgspec.Struct):
    """How many runs were taken; each of them; and which were not, and why."""

    accepted: int
    results: list[RunResult]
    rejected: list[RunRejected]


class _Items(msgspec.Struct, forbid_unknown_fields=True):
    items: list[msgspec.Raw]


class _Name(msgspec.Struct):
    run_id: Any = None


_items = msgspec.json.Decoder(_Items)


def post_run(request: HttpRequest) -> HttpResponse:
    """One run. 201 when it is new, 200 when it was known."""
    access = authenticate(request)
    access.require("agents.write")
    if request.content_type != JSON_TYPE:
        raise AssayError("unsupported_media_type", f"Send the body as {JSON_TYPE}.", status=415)
    (told,) = record_runs(project_id=access.project_id, items=[body_of(request)])
    if isinstance(told, AssayError):
        raise told
    run = told.run
    answer = RunTaken(
        run.run_id,
        told.id,
        told.result,
        len(run.steps),
        len(run.decisions),
        len(run.signals),
        _parts(told),
        told.dropped,
    )
    return _json(answer, 201 if told.result == "stored" else 200)


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def post_batch(request: HttpRequest) -> HttpResponse:
    """Up to 1,000 runs: each is taken or refused with a reason, and a bad one costs the others nothing."""
    access = authenticate(request)
    access.require("agents.write")
    items = _read_items(request)
    answer = RunsAnswer(0, [], [])
    for place, told in enumerate(record_runs(project_id=access.project_id, items=items)):
        if isinstance(told, AssayError):
            answer.rejected.append(_rejected(place, items[place], told))
        else:
            answer.results.append(RunResult(place, told.run.run_id, told.id, told.result, _parts(told), told.dropped))
    answer.accepted = len(answer.results)
    return _json(answer, 200)


def _read_items(request: HttpRequest) -> list[Any]:
    """The items of a batch, nothing about them checked."""
    if request.content_type not in (JSON_TYPE, *LINES):
        raise AssayError("unsupported_media_type", f"Send the body as {JSON_TYPE} or {LINES[0]}.", status=415)
    body = body_of(request)
    if body.count(b",") > MOST_VALUES:
        raise AssayError("too_many_values", f"A batch may hold {MOST_VALUES} values at most.", status=413)
    items = _lines(body) if request.content_type in LINES else _list(body)
    if len(items) > MOST_RUNS:
        raise _too_many()
    return items


def _list(body: bytes) -> list[Any]:
    try:
        return list(_items.decode(body).items)
    except msgspec.ValidationError:
        raise single("required", "/items", "Send an object with a list of `items`, and nothing else.") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # Perhaps one item is odd; the others need not suffer from it.
        return list(split_items(body, most=MOST_RUNS, most_values=MOST_VALUES))


def _lines(body: bytes) -> list[Any]:
    # Empty lines are none; a body of nothing else is not taken apart.
    if body.count(b"\n") > 2 * MOST_RUNS:
        raise _too_many()
    return [line for line in body.split(b"\n") if line.strip()]


def _too_many() -> AssayError:
    return single("too_many", "/items", f"A batch holds {MOST_RUNS} runs at most.", status=413)


def _rejected(place: int, item: Any, error: AssayError) -> RunRejected:
    run_id = _name_of(item)
    first = error.errors[0] if error.errors else None
    return RunRejected(
        index=place,
        run_id=run_id[:100] if isinstance(run_id, str) else None,
        code=error.code,
        detail=first.detail if first else error.detail,
        pointer=first.pointer if first else "",
    )


def _name_of(item: Any) -> Any:
    """The `run_id` in this JSON, None where it cannot be read."""
    try:
        return msgspec.json.decode(item, type=_Name).run_id
    except RecursionError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _odd_name_of(bytes(item))


def _odd_name_of(item: bytes) -> Any:
    try:
        value = read_odd_json(item)
    except AssayError:
        return None
    return value.get("run_id") if isinstance(value, dict) else None


def _parts(told: Recorded) -> list[RefusedPart]:
    return [RefusedPart(part.pointer, part.code, part.detail) for part in told.refused]


def _json(answer: Any, status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), status=status, content_type=JSON_TYPE)
