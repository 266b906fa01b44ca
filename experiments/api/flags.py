"""OpenFeature's remote evaluation protocol, OFREP 0.3: prompts as feature flags, for its standard clients."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from assay.core import assign
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from assay.core.select import PRODUCTION
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.complaints import told_in_short
from config.fast_lane import for_programs
from config.rest import json_body, parse_json
from experiments.bundle import serve
from experiments.evaluate_flag import Asked, Evaluation, evaluate_flag
from experiments.expose_once import expose_once
from experiments.usage import note_served
from sentinel.access import Access
from sentinel.authentication import authenticate

ONE = "/ofrep/v1/evaluate/flags/"
# What changes with each call, and says nothing of what is served.
FLEETING = ("resolution_id", "revision")
ERRORS = {
    "invalid_json": "PARSE_ERROR",
    "unstorable_value": "PARSE_ERROR",
    "no_prompt": "FLAG_NOT_FOUND",
}


class FlagContext(msgspec.Struct):
    """Whom flags are evaluated for: `targetingKey` is the unit. Of the rest `language` is looked at."""

    targetingKey: str | None = None
    language: str | None = None


class FlagRequest(msgspec.Struct):
    """What a client of the protocol sends."""

    context: FlagContext = msgspec.field(default_factory=FlagContext)


class FlagFailure(msgspec.Struct, omit_defaults=True):
    """Why a flag, or all of them, could not be evaluated."""

    errorCode: str
    errorDetails: str
    key: str | None = None


class FlagSet(msgspec.Struct):
    """Every flag that there is, evaluated for one context."""

    flags: list[Evaluation | FlagFailure]
    metadata: dict[str, str]


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def one(request: HttpRequest) -> HttpResponse:
    """One prompt by its name, which is what follows in the address. The unit's first meeting with its arm is written
    down before it is told of it."""
    access = _reader(request)
    key = request.path_info.removeprefix(ONE)
    try:
        asked = _asked(request)
        evaluation = evaluate_flag(_bundle(access), key, asked)
    except AssayError as error:
        return _failed(error, key)
    _expose(access, [evaluation])
    if evaluation.value is not None:
        note_served(access.project_id, evaluation.value.version.id)
    return _json(evaluation)


@for_programs
@csrf_exempt
@require_POST
def every(request: HttpRequest) -> HttpResponse:
    """All prompts in production, for one context. 304 where nothing changed for this context."""
    access = _reader(request)
    try:
        asked = _asked(request)
    except AssayError as error:
        return _failed(error, None)
    bundle = _bundle(access)
    flags = [_evaluated(bundle, key, asked) for label, key in sorted(bundle.index.names) if label == PRODUCTION]
    _expose(access, flags)
    etag = _etag(access, asked, flags)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = _json(FlagSet(flags, {"revision": bundle.revision}))
    response["ETag"] = etag
    return response


def _reader(request: HttpRequest) -> Access:
    access = authenticate(request)
    access.require("prompts.read")
    return access


def _bundle(access: Access) -> Bundle:
    return serve(access.project_id).bundle


def _asked(request: HttpRequest) -> Asked:
    body = parse_json(json_body(request))
    try:
        context = msgspec.convert(body, FlagRequest).context
    except msgspec.ValidationError as error:
        raise AssayError("invalid_context", f"The context cannot be used. {told_in_short(error)}", status=400) from None
    if context.targetingKey is not None:
        assign.check_unit(context.targetingKey)
    return Asked(context.targetingKey, context.language)


def _evaluated(bundle: Bundle, key: str, asked: Asked) -> Evaluation | FlagFailure:
    try:
        return evaluate_flag(bundle, key, asked)
    except AssayError as error:
        return _failure(error, key)


def _failure(error: AssayError, key: str | None) -> FlagFailure:
    return FlagFailure(ERRORS.get(error.code, "INVALID_CONTEXT"), error.detail, key)


def _failed(error: AssayError, key: str | None) -> HttpResponse:
    """The protocol knows 400 and 404 alone; what is refused for its headers or its size is not its business."""
    if error.status in (413, 415):
        raise error
    return _json(_failure(error, key), 404 if error.code == "no_prompt" else 400)


def _expose(access: Access, flags: Sequence[Evaluation | FlagFailure]) -> None:
    split = [flag for flag in flags if isinstance(flag, Evaluation) and flag.reason == "SPLIT"]
    if split:
        expose_once(access.project_id, [str(flag.metadata["resolution_id"]) for flag in split])


def _etag(access: Access, asked: Asked, flags: list[Evaluation | FlagFailure]) -> str:
    """Of the context and of what is served for it, so that one context's copy never passes for another's."""
    lasting: list[Any] = [str(access.project_id), asked.unit, asked.language]
    for flag in flags:
        shown = msgspec.to_builtins(flag)
        for name in FLEETING:
            shown.get("metadata", {}).pop(name, None)
        lasting.append(shown)
    return f'"{hashlib.sha256(msgspec.json.encode(lasting)).hexdigest()[:32]}"'


def _json(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")
