"""This file lets you find out in which project a session acts, and choose another."""

from assay.core.errors import AssayError
from django.http import HttpRequest

from sentinel.access import Access, access_of_person
from sentinel.models import Project

SESSION_KEY = "assay_project"
# Kept with the request, so that the many questions of one page cost one answer.
_KEPT = "assay.access"
_OPEN = "assay.projects"


def chosen_project(request: HttpRequest) -> str | None:
    """The slug of the project that this session chose, if it did."""
    session = getattr(request, "session", None)
    return session.get(SESSION_KEY) if session is not None else None


def open_projects(request: HttpRequest) -> list[Project]:
    """The projects that this session may act in, by name. One query, and none the second time in a request."""
    user = request.user
    if not user.is_authenticated or not user.is_active:
        return []
    kept = request.META.get(_OPEN)
    if kept is None:
        found = Project.objects.open_to(user.pk, is_superuser=user.is_superuser).order_by("name", "slug")
        kept = request.META[_OPEN] = list(found)
    projects: list[Project] = kept
    return projects


def choose_project(request: HttpRequest, slug: str) -> Access:
    """Have the session act in this project from now on. Raises AssayError 404 for one that is not open to them."""
    access = access_of_person(request.user, slug)
    request.session[SESSION_KEY] = access.project_slug
    request.META.pop(_KEPT, None)
    return access


def current_access(request: HttpRequest) -> Access:
    """Who acts and where, on a page for people: the project that was chosen, else the first that is open to them.

    What a page fell back to is chosen from then on, so that the switcher, the pages and the API agree. Three queries at
    most, and none the second time in a request. Raises AssayError 404 when no project is open.
    """
    kept = request.META.get(_KEPT)
    if isinstance(kept, Access):
        return kept
    slugs = [project.slug for project in open_projects(request)]
    if not slugs:
        raise AssayError("no_project", "You do not belong to a project yet. Its owner can add you.", status=404)
    chosen = chosen_project(request)
    if chosen not in slugs:
        chosen = request.session[SESSION_KEY] = slugs[0]
    access = access_of_person(request.user, chosen)
    request.META[_KEPT] = access
    return access
