"""Django's admin as Assay's: who may enter, which project is looked at, what the browser is allowed to do."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from assay.core.errors import AssayError
from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.sites import UnfoldAdminSite

from sentinel.admin_base import AssayAdmin, Place
from sentinel.current_project import choose_project, current_access, open_projects

View = Callable[..., HttpResponseBase]
# Unfold's Alpine evaluates its attributes: the one place where that is allowed. Styles need no such thing.
ADMIN_POLICY = {"script-src": ["'unsafe-eval'"]}
relaxed: Any = csp_update(ADMIN_POLICY)


class AssayAdminSite(UnfoldAdminSite):
    site_header = site_title = "Assay"
    index_title = "Overview"
    index_template = "assay/overview.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and (getattr(user, "is_superuser", False) or bool(open_projects(request)))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded: View = super().admin_view(self._told(view), cacheable)
        return update_wrapper(relaxed(guarded), view)

    def _told(self, view: View) -> View:
        """What somebody can put right becomes a page that says so, never a 500."""

        def telling(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except AssayError as error:
                return self.tell(request, error.status, error.detail)
            except PermissionDenied:
                return self.tell(request, 403, "What you may do in this project does not include this.")
            except Http404:
                return self.tell(request, 404, "There is nothing at this address, or not in this project.")

        return update_wrapper(telling, view)

    def tell(self, request: HttpRequest, status: int, detail: str) -> TemplateResponse:
        """A page that says what is wrong and where to go on."""
        came_from = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
        context = {
            **self.each_context(request),
            "title": "Not here" if status == 404 else "Not done",
            "detail": detail,
            "back": came_from if is_ours else "",
        }
        return TemplateResponse(request, "assay/told.html", context, status=status)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        response: HttpResponseBase = relaxed(super().login)(request, extra_context)
        return response

    def get_urls(self) -> list[URLPattern]:
        own: list[URLPattern] = [path("project/", self.admin_view(self.switch_project), name="switch_project")]
        return [*own, *super().get_urls()]

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        # Django's list of an app's models says less than the sidebar does.
        return redirect("admin:index")

    def switch_project(self, request: HttpRequest) -> HttpResponseBase:
        """Have this session act in another project, from a form on every page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        access = choose_project(request, request.POST.get("project", ""))
        messages.info(request, f"You are in the project {access.project_slug} now.")
        return redirect("admin:index")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        projects = open_projects(request) if self.has_permission(request) else []
        if projects:
            access = current_access(request)
            context["access"] = access
            context["projects"] = projects
            context["current_project"] = next(it for it in projects if it.pk == access.project_id)
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The pages that this person may see, as their admin classes place them. No query of its own."""
        overview = {"title": "Overview", "icon": "space_dashboard", "link": reverse("admin:index")}
        groups: dict[str, list[dict[str, Any]]] = {"": [overview]}
        pages = [page for page in self._registry.values() if isinstance(page, AssayAdmin)]
        placed = [(place, page) for page in pages for place in (page.place, *page.further_places) if place.group]
        for place, page in sorted(placed, key=lambda each: each[0].order):
            if page.has_module_permission(request):
                groups.setdefault(place.group, []).append(self._item(place, page))
        items = [item for items in groups.values() for item in items]
        # Of addresses that begin alike it is the longest that one is on; every address begins with the overview's.
        here = [it["link"] for it in items if it is not overview and request.path.startswith(it["link"])]
        active = max(here, key=len, default=request.path)
        for item in items:
            item |= {"has_permission": True, "active": item["link"] == active}
        return [{"title": title, "items": items} for title, items in groups.items()]

    def _item(self, place: Place, page: AssayAdmin) -> dict[str, Any]:
        opts = page.model._meta
        link = reverse(place.view or f"admin:{opts.app_label}_{opts.model_name}_changelist")
        return {"title": place.title or page.heading, "icon": place.icon, "link": link}

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Unfold keeps what it found by person and word, whatever project that was in.
        raise Http404
