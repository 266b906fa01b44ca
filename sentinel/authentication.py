"""How a request says who it is: a key in a header, or the session of somebody who logged in."""

from typing import Any

from assay.core.errors import AssayError
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from sentinel.access import Access, access_of_key, access_of_person
from sentinel.current_project import chosen_project, open_projects


def key_in(request: HttpRequest) -> str | None:
    """The key that a request carries, from `Authorization: Bearer` or `X-API-Key`."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if header:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AssayError("invalid_key", "Use `Authorization: Bearer <key>`.", status=401)
        return str(key.strip())
    return request.META.get("HTTP_X_API_KEY") or None


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def authenticate(request: HttpRequest) -> Access:
    """Who acts in this request. Raises AssayError 400, 401, 403 or 404."""
    key = key_in(request)
    if key is not None:
        return access_of_key(key)
    access = _access_of_session(request)
    if request.method not in SAFE_METHODS:
        # A browser sends its cookies with whatever page asks for it, so a session also has to show its CSRF token.
        check = CSRFCheck(_nothing)
        check.process_request(request)
        reason = check.process_view(request, _nothing, (), {})
        if reason:
            raise AssayError("csrf_failed", f"CSRF: {reason}", status=403)
    return access


def _access_of_session(request: HttpRequest) -> Access:
    """In the project of the header, else that of the admin's switcher, else the only one there is."""
    named = request.META.get("HTTP_X_PROJECT")
    chosen = chosen_project(request) if named is None and request.user.is_authenticated else None
    # Who has left the project that they once chose is not shut out of the one that remains.
    is_open = chosen is not None and any(project.slug == chosen for project in open_projects(request))
    return access_of_person(request.user, chosen if is_open else named)


class KeyAuthentication(BaseAuthentication):
    """For REST framework: `request.auth` becomes the Access that the key stands for."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        return (AnonymousUser(), access_of_key(key)) if (key := key_in(request._request)) else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="assay"'


class Session(BaseAuthentication):
    """For REST framework: somebody who logged in, acting in the project they name."""

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        user = request._request.user
        return (user, authenticate(request._request)) if user.is_authenticated else None


def _access(request: Request) -> Access:
    auth: object = request.auth
    if not isinstance(auth, Access):
        raise AssayError("not_authenticated", "Send a key, or log in.", status=401)
    return auth


class IsSomebody(BasePermission):
    """For what everybody may ask who has said who they are."""

    def has_permission(self, request: Request, view: Any) -> bool:
        _access(request)
        return True


class HasPermission(BasePermission):
    """A view names its `area`: reading needs `<area>.read`, everything else `<area>.write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        _access(request).require(f"{view.area}.{'read' if request.method in SAFE_METHODS else 'write'}")
        return True
