"""Answer programs without what only browsers need."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from config.problems import ProblemMiddleware, answer_to

View = TypeVar("View", bound=Callable[..., Any])
# What a browser may do with such an answer: show it, at most.
POLICY = "default-src 'none'; frame-ancestors 'none'"


_marked: set[Callable[..., Any]] = set()


def for_programs(view: View) -> View:
    """Mark a plain view that asks nothing of a request but its key, its headers and its body."""
    _marked.add(view)
    return view


class FastLane:
    """Lead a request that carries a key to a view marked so, past sessions, CSRF, messages and static files.

    That is two thirds of what such a request would cost. Without a key it takes the long way, and so does every other
    view. Errors become problem details on both ways.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        carries_key = request.META.get("HTTP_AUTHORIZATION") or request.META.get("HTTP_X_API_KEY")
        view = _marked_view(request.path_info) if carries_key else None
        if view is None:
            return self.get_response(request)
        response = ProblemMiddleware(partial(_answer, view))(request)
        response["Content-Security-Policy"] = POLICY
        response["X-Frame-Options"] = "DENY"
        return response


def _answer(view: Callable[[HttpRequest], HttpResponseBase], request: HttpRequest) -> HttpResponseBase:
    try:
        return view(request)
    except Exception as error:  # noqa: BLE001 - the outermost wall, where Django has its own
        return answer_to(error, request)


@lru_cache(maxsize=256)
def _marked_view(path: str) -> Callable[[HttpRequest], HttpResponseBase] | None:
    try:
        found = resolve(path)
    except Resolver404:
        return None
    return found.func if found.func in _marked and not found.args and not found.kwargs else None
