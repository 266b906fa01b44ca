"""Projects and people: for superusers."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from sentinel.admin_base import Place, SuperuserAdmin
from sentinel.admin_filters import by_switch
from sentinel.models import Membership, Project

if TYPE_CHECKING:
    DjangoUserAdmin = UserAdmin[User]
else:
    DjangoUserAdmin = UserAdmin

admin.site.unregister(Group)
admin.site.unregister(User)


@admin.register(Project)
class ProjectsAdmin(SuperuserAdmin):
    place = Place("Installation", 80, "workspaces", "Projects")
    add_title = "New project"
    may_add = may_change = True
    list_display = ("name", "slugged", "members", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Project]:
        queryset: models.QuerySet[Project] = super().get_queryset(request)
        return queryset.annotate(member_count=models.Count("memberships"))

    @display(description="Slug", ordering="slug")
    def slugged(self, project: Project) -> str:
        return format_html("<code>{}</code>", project.slug)

    @display(description="Members", ordering="member_count")
    def members(self, project: Any) -> int:
        return int(project.member_count)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Programs name a project by its slug: it stays what it was.
        return ("slug",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and isinstance(request.user, User):
            Membership.objects.create(project=obj, user=request.user, role="owner")


@admin.register(User)
class PeopleAdmin(SuperuserAdmin, DjangoUserAdmin):
    place = Place("Installation", 81, "person", "People")
    add_title = "New person"
    may_add = may_change = True
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Named again: Unfold's own, empty, would come first.
    add_fieldsets = UserAdmin.add_fieldsets
    list_display = ("username", "email", "memberships", "is_superuser", "is_active", "last_login")
    list_filter = (
        by_switch("is_superuser", "superuser", "superusers", "others"),
        by_switch("is_active", "state", "active", "switched off"),
    )
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who", {"fields": (("first_name", "last_name"), "email")}),
        ("May", {"fields": (("is_active", "is_superuser"),)}),
        ("When", {"fields": (("last_login", "date_joined"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return User.objects.prefetch_related("memberships__project")

    @display(description="Projects")
    def memberships(self, user: User) -> str:
        return ", ".join(f"{it.project.slug} ({it.role})" for it in user.memberships.all()) or "–"
