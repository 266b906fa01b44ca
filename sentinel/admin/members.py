"""Who belongs to the project, for its owners."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from sentinel.access import Access
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.models import Membership
from sentinel.models.projects import Role
from sentinel.set_role import set_role

ROLES = [
    (Role.VIEWER, "Viewer – reads everything"),
    (Role.MEMBER, "Member – also writes prompts and moves labels"),
    (Role.ADMIN, "Admin – also makes keys, moves protected labels, changes settings"),
    (Role.OWNER, "Owner – also says who belongs here"),
]


if TYPE_CHECKING:
    MembershipForm = forms.ModelForm[Membership]
else:
    MembershipForm = forms.ModelForm


class MemberForm(MembershipForm):
    username = forms.CharField(
        max_length=150,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="The name they log in with. Accounts are made by a superuser, under People.",
    )
    role = forms.ChoiceField(choices=ROLES, initial=Role.MEMBER, widget=UnfoldAdminRadioSelectWidget)

    # Given by the page, which knows who is asking.
    access: Access

    class Meta:
        model = Membership
        fields = ("username", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["username"].disabled = True
            self.fields["username"].initial = self.instance.user.username

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None and self.instance._state.adding:
            raise ValidationError("There is no such account.", code="unknown_user")
        if user is not None:
            self.instance.user = user
        return username

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        members = Membership.objects.filter(project_id=self.access.project_id)
        adding = self.instance._state.adding and "username" in self.cleaned_data
        if adding and members.filter(user=self.instance.user).exists():
            self.add_error("username", "They belong to this project already.")
        return cleaned


@admin.register(Membership)
class MemberAdmin(ProjectAdmin):
    place = Place("Access", 51, "group", "Members")
    add_title = "Add a member"
    reads = writes = "members.manage"
    form = MemberForm
    exclude = ()
    list_display = ("person", "role_name", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    search_help_text = "Name or e-mail"
    ordering = ("user__username",)

    @display(description="Person", ordering="user__username", header=True)
    def person(self, membership: Membership) -> list[str]:
        user = membership.user
        return [user.get_full_name() or user.username, user.email or user.username]

    @display(description="Role", ordering="role", label={"owner": "primary", "admin": "info"})
    def role_name(self, membership: Membership) -> str:
        return membership.role

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.access = self.access(request)
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.writes)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        saved = set_role(access=self.access(request), user=obj.user, role=obj.role)
        if saved is not None:
            obj.pk, obj.project_id = saved.pk, saved.project_id

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        set_role(access=self.access(request), user=obj.user, role=None)
