"""Answer every error as RFC 9457 problem details, with a stable code and a pointer to each bad field."""

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import singledispatch
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from assay.core.errors import AssayError, FieldError
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.utils.text import capfirst
from rest_framework import exceptions as rest
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from config.bodies import most_bytes, too_large

logger = logging.getLogger(__name__)

# Where programs ask, and errors are for them.
PROGRAMS = ("/api/", "/ofrep/", "/a2a", "/.well-known/")
CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be taken",
    429: "Too many requests",
    500: "Something broke here",
    503: "Not available",
}
CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


def describe(error: AssayError) -> dict[str, Any]:
    """The problem details of an error, as its JSON members."""
    body: dict[str, Any] = {
        "type": f"{settings.ASSAY_URL}/api/docs/#{error.code}",
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in error.errors]
    # What more there is to tell takes no standard member's place.
    return body | {name: value for name, value in error.extra.items() if name not in body}


def problem(error: AssayError) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(describe(error)), status=error.status, content_type=CONTENT_TYPE)
    response["Content-Length"] = str(len(response.content))
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="assay"'
    if error.status == 503:
        response["Retry-After"] = "1"
    return response


def of_status(status: int, detail: str = "") -> AssayError:
    return AssayError(CODES.get(status, "error"), detail or f"{TITLES.get(status, 'Error')}.", status=status)


@singledispatch
def as_assay_error(error: Exception) -> AssayError | None:
    """What the caller is told of an error; None when it is ours, not theirs."""
    return None


@as_assay_error.register
def _(error: AssayError) -> AssayError:
    return error


@as_assay_error.register
def _(error: rest.ValidationError) -> AssayError:
    return _invalid(list(_field_errors(error.get_full_details())))


@as_assay_error.register
def _(error: rest.APIException) -> AssayError:
    code = {"parse_error": "invalid_json", "throttled": "too_many_requests"}.get(error.default_code)
    return AssayError(
        code or CODES.get(error.status_code, error.default_code), str(error.detail), status=error.status_code
    )


@as_assay_error.register
def _(error: ModelValidationError) -> AssayError:
    return _invalid(list(_model_errors(error)))


@as_assay_error.register
def _(error: Http404) -> AssayError:
    return of_status(404, "There is no such thing here.")


@as_assay_error.register
def _(error: PermissionDenied) -> AssayError:
    return of_status(403)


@as_assay_error.register
def _(error: SuspiciousOperation) -> AssayError:
    return too_large(settings.MAX_BODY_BYTES) if isinstance(error, RequestDataTooBig) else of_status(400)


@as_assay_error.register
def _(error: UnreadablePostError) -> AssayError:
    return of_status(400, "The body broke off.")


@as_assay_error.register
def _(error: DataError) -> AssayError:
    # The last wall: a value that the database's types cannot hold.
    return AssayError("unstorable_value", "A value is out of the range that can be stored.", status=422)


@as_assay_error.register
def _(error: IntegrityError) -> AssayError:
    return AssayError("conflict", "This contradicts what is stored, perhaps since a moment ago.", status=409)


@as_assay_error.register
def _(error: OperationalError) -> AssayError:
    return AssayError("database_unavailable", "The database does not answer just now.", status=503)


def _invalid(errors: list[FieldError]) -> AssayError:
    first = errors[0].detail if errors else "The body is not valid."
    return AssayError("invalid", first, status=422, errors=errors)


def _field_errors(details: Any, pointer: str = "") -> Iterator[FieldError]:
    if isinstance(details, Mapping):
        if "message" in details and "code" in details and not isinstance(details["message"], Mapping | list):
            yield FieldError(pointer, str(details["code"]), str(details["message"]))
            return
        for key, value in details.items():
            step = "" if key == "non_field_errors" else f"/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from _field_errors(value, pointer + step)
    elif isinstance(details, list):
        leaves = all(isinstance(d, Mapping) and "message" in d for d in details)
        for index, value in enumerate(details):
            yield from _field_errors(value, pointer if leaves else f"{pointer}/{index}")


def _model_errors(error: ModelValidationError) -> Iterator[FieldError]:
    fields = error.error_dict if hasattr(error, "error_dict") else {"__all__": error.error_list}
    for name, found in fields.items():
        pointer = "" if name == "__all__" else f"/{name}"
        for one in found:
            yield FieldError(pointer, one.code or "invalid", " ".join(one.messages))


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's handler: every error it meets becomes problem details."""
    told = as_assay_error(error)
    if told is None:
        return None
    request = context.get("request")
    if request is not None:
        # Problem details are JSON, whatever else was asked for; the browsable page would hide their code.
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    headers = {"WWW-Authenticate": 'Bearer realm="assay"'} if told.status == 401 else {}
    if told.status == 503:
        headers["Retry-After"] = "1"
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(describe(told), status=told.status, headers=headers, content_type=CONTENT_TYPE)


def _refused_unread(request: HttpRequest) -> AssayError | None:
    """What is wrong with a body, as far as its headers tell."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return of_status(400, "Content-Length is not a number.")
    most = most_bytes(request.path_info)
    if len(length) > 15 or int(length) > most:
        return too_large(most)
    if "HTTP_TRANSFER_ENCODING" in request.META and not int(length):
        return AssayError("length_required", "Send the body with a Content-Length, not in chunks.", status=411)
    return None


class ProblemMiddleware:
    """Keep the promise for plain views, for Django's own answers, and for bodies that are too large."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PROGRAMS):
            return self.get_response(request)
        refused = _refused_unread(request)
        if refused is not None:
            return problem(refused)
        response = self.get_response(request)
        if response.status_code == 301 and request.method not in ("GET", "HEAD"):
            # A slash was forgotten: the body and the method are to be sent again, which 301 does not promise.
            response.status_code = 308
        if response.status_code >= 400 and response.get("Content-Type", "").startswith("text/html"):
            told = problem(of_status(response.status_code, capfirst(response.reason_phrase) + "."))
            if "Allow" in response:
                told["Allow"] = response["Allow"]
            return told
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not request.path_info.startswith(PROGRAMS):
            return None
        return answer_to(error, request)


def _place(error: Exception) -> str:
    """The innermost calls that led to an error: files and lines, no values."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _log_refusal(error: DatabaseError) -> None:
    """What the database did not take, by its SQLSTATE and constraint alone: its message may repeat what was said."""
    cause = error.__cause__
    state, constraint = (cause.sqlstate, cause.diag.constraint_name) if isinstance(cause, psycopg.Error) else ("", "")
    logger.warning("the database refused: SQLSTATE %s, constraint %s", state or "unknown", constraint or "none")


def told_of(error: Exception, request: HttpRequest) -> AssayError:
    """What the caller is told of whatever a view raised; what is our own fault is logged and becomes a 500."""
    if isinstance(error, DatabaseError):
        _log_refusal(error)
    told = as_assay_error(error)
    if told is not None:
        return told
    # The message of an unknown error may hold what was said: its kind and place are enough.
    route = request.resolver_match.route if request.resolver_match else request.path_info
    logger.error("unexpected %s at %s in %s", type(error).__name__, route, _place(error))
    return of_status(500)


def answer_to(error: Exception, request: HttpRequest) -> HttpResponse:
    """The problem details of whatever a view raised."""
    return problem(told_of(error, request))
