"""This file lets a question be read out of an address: which runs, of which time, and what more."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

import msgspec
from assay.core.privacy import is_code
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from agents.questions.require_decisions import SwitchedOff
from agents.questions.scope import Scope
from agents.questions.window import DAY, Window, usual_window
from config.problems import problem
from config.rest import invalid_parameter
from sentinel.access import Access
from sentinel.authentication import authenticate

TIMES = ("start_time", "end_time")
# By these one asks for runs that one knows of.
NAMED = ("run_id", "session_id", "trace_id")
SCOPE = ("agent_id", "agent_version", "environment", *TIMES)
# Between these an id can name the time, and a day can be added to it.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
LOGGED = "_has_been_logged"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


class Asked:
    """Who asks what: the access and the parameters, of which none is unknown and none comes twice."""

    def __init__(self, request: HttpRequest, known: Sequence[str]) -> None:
        self.access: Access = authenticate(request)
        self.access.require("agents.read")
        self.request = request
        self.sent: dict[str, str] = {}
        for name, values in request.GET.lists():
            if name not in known:
                raise invalid_parameter(name, f"There is no parameter {name[:100]!r} here.")
            if len(values) > 1:
                raise invalid_parameter(name, f"Name {name} once.")
            self.sent[name] = values[0]

    @property
    def scope(self) -> Scope:
        """The runs that are asked about."""
        version = self.code("agent_version")
        return Scope(
            project_id=self.access.project_id,
            window=self.window(),
            agent_id=self.code("agent_id"),
            agent_versions=() if version is None else (version,),
            environment=self.code("environment"),
        )

    def window(self) -> Window:
        """From start_time up to end_time: by itself the last 30 days, up to the end of this hour. A start alone goes up
        to there, an end alone 30 days back. Runs that are named are looked for in all that is kept."""
        usual = usual_window(timezone.now())
        if not any(name in self.sent for name in TIMES) and any(name in self.sent for name in NAMED):
            # Clocks may be a day ahead.
            return Window(EARLIEST, usual.end + DAY)
        end = self._time("end_time") or usual.end
        start = self._time("start_time") or max(end - (usual.end - usual.start), EARLIEST)
        if start > end:
            name = "start_time" if "start_time" in self.sent else "end_time"
            raise invalid_parameter(name, "start_time is after end_time.")
        return Window(start, end)

    def code(self, name: str) -> str | None:
        """A code, None where it is not asked for."""
        value = self.sent.get(name)
        if value is not None and not is_code(value):
            raise invalid_parameter(
                name, f"{name} is a code: 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces."
            )
        return value

    def required(self, name: str) -> str:
        """A code that must be there."""
        value = self.code(name)
        if value is None:
            raise invalid_parameter(name, f"Name {name}.")
        return value

    def one_of(self, name: str, codes: Sequence[str]) -> str | None:
        value = self.sent.get(name)
        if value is not None and value not in codes:
            raise invalid_parameter(name, f"{name} is one of {', '.join(codes)}.")
        return value

    def uuid(self, name: str) -> UUID | None:
        value = self.sent.get(name)
        try:
            return None if value is None else UUID(value)
        except ValueError:
            raise invalid_parameter(name, f"{name} is a UUID.") from None

    def whole(self, name: str, usual: int, most: int | None = None) -> int:
        """A whole number of nine digits at the most, from 1 to `most`."""
        value = self.sent.get(name, str(usual))
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and 1 <= int(value) <= (most or int(value))):
            raise invalid_parameter(name, f"{name} is a whole number from 1{f' to {most}' if most else ''}.")
        return int(value)

    def page_size(self, usual: int, most: int) -> int:
        """How many are wanted on a page, from 1: who asks for more than `most` gets `most`, as in every list."""
        return min(self.whole("page_size", usual), most)

    def _time(self, name: str) -> datetime | None:
        value = self.sent.get(name)
        if value is None:
            return None
        at = _read_time(value)
        if at is None:
            # A + that is not escaped arrives as a space: that is what most often goes wrong.
            raise invalid_parameter(name, f"{name} is a time with its zone, as in 2026-01-31T12:00:00Z; send + as %2B.")
        if not EARLIEST <= at <= LATEST:
            raise invalid_parameter(name, f"{name} lies between the years 1970 and 9000.")
        return at


def question(view: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], HttpResponse]:
    """A view that may only be read from, and whose answer is a struct."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return answered(view, request)

    return answer


def answered(view: Callable[..., Any], request: HttpRequest, **named: Any) -> HttpResponse:
    """The struct that a view answers with, as JSON."""
    try:
        body = msgspec.json.encode(view(request, **named))
    except SwitchedOff as error:
        response = problem(error)
        # Nobody should come back in a second for what a person has switched off, and it is no error of this server:
        # Django logs each 5xx as one unless it is marked as logged.
        del response["Retry-After"]
        setattr(response, LOGGED, True)
        return response
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = "private, no-store"
    return response


def _read_time(text: str) -> datetime | None:
    if RFC3339.match(text) is None:
        return None
    try:
        return msgspec.convert(text.upper(), datetime).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError, ValueError):
        return None
