"""What every page of the admin stands on: rows of the current project alone, and permissions from one place."""

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import User
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from sentinel.access import Access
from sentinel.current_project import current_access, open_projects


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in the sidebar: group (none: nowhere), order within all groups, Material symbol, and the
    name of its address; without one it is the list."""

    group: str = ""
    order: int = 0
    icon: str = ""
    title: str = ""
    view: str = ""


class AssayAdmin(ModelAdmin):
    """Every admin page of ours. A stranger's object does not exist: 404."""

    place: ClassVar[Place] = Place()
    # Pages beyond the list that stand in the sidebar as well.
    further_places: ClassVar[tuple[Place, ...]] = ()
    actions: Any = None
    list_per_page = 50
    compressed_fields = True
    change_list_template: Any = "assay/list.html"
    # What a person does here beyond looking: said on the button.
    add_title: ClassVar[str] = "New"

    def page(self, request: HttpRequest, template: str, *, title: str, **context: Any) -> TemplateResponse:
        """A page of our own among those that Django makes."""
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "model_admin": self, "title": title}
        return TemplateResponse(request, template, {**shared, **context})

    @property
    def heading(self) -> str:
        """What these pages are called, in the sidebar and above each."""
        return self.place.title or str(self.opts.verbose_name_plural).capitalize()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        plain = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, plain | (extra_context or {}))
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        found = getattr(response, "context_data", None) or {}
        if "cl" in found:
            # Our list shows its filters beside the search; without this Unfold would put them into a sheet as well.
            found["cl"].has_filters = False
        return response

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        raise Http404(f"There is no such {opts.verbose_name}.")


class ProjectAdmin(AssayAdmin):
    """Rows that belong to a project. `reads` and `writes` name the permissions; without `writes` nothing is changed."""

    reads: ClassVar[str]
    writes: ClassVar[str | None] = None
    exclude: Any = ("project",)

    def access(self, request: HttpRequest) -> Access:
        """Who acts, and in which project."""
        return current_access(request)

    def _may(self, request: HttpRequest, permission: str | None) -> bool:
        return permission is not None and bool(open_projects(request)) and self.access(request).may(permission)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        queryset: models.QuerySet[Any] = super().get_queryset(request)
        return queryset.filter(project_id=self.access(request).project_id)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.reads)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.writes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.project_id = self.access(request).project_id
        super().save_model(request, obj, form, change)


class SuperuserAdmin(AssayAdmin):
    """What belongs to the installation and to no project."""

    may_add = may_change = may_delete = False

    def _is_superuser(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_active and request.user.is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self._is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self._is_superuser(request)
