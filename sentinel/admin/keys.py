"""API keys: made here, shown once, and revoked."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from sentinel.access import Access
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.create_key import create_key
from sentinel.models import ApiKey, Project
from sentinel.revoke_key import revoke_key
from sentinel.roles import PERMISSIONS

EXPIRIES = [("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never")]
# What an application needs that resolves prompts and reports what they earned.
USUAL = ("prompts.read", "prompts.write")


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget({"placeholder": "newsletter, production"}),
        help_text="What will use it, so that somebody who sees it in a year knows what stops when it is revoked.",
    )
    expires = forms.ChoiceField(choices=EXPIRIES, required=False, initial="365", widget=UnfoldAdminSelectWidget)
    reads_clients = forms.BooleanField(
        label="Reads clients",
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Whether the bundle that it fetches holds the brand files of clients.",
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [it for it in PERMISSIONS if access.may(it)]
        self.fields["permissions"] = forms.MultipleChoiceField(
            choices=[(it, it) for it in held],
            initial=[it for it in USUAL if it in held],
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="It never holds more than you do, and loses what you lose.",
        )


ONCE = "assay_new_key"


@admin.register(ApiKey)
class KeyAdmin(ProjectAdmin):
    place = Place("Access", 50, "key", "Keys")
    add_title = "New key"
    reads = writes = "keys.manage"
    list_display = ("named", "state", "prefixed", "maker", "expires", "used")
    list_display_links = None
    search_fields = ("name", "prefix", "made_by__username")
    search_help_text = "Name, prefix or maker"
    list_select_related = ("made_by",)
    ordering = ("revoked_at", "-created_at")

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke)
        return [path("<uuid:key_id>/revoke/", revoke, name="sentinel_apikey_revoke"), *super().get_urls()]

    @display(description="Key", ordering="name")
    def named(self, key: ApiKey) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a>', reverse("admin:sentinel_apikey_change", args=[key.pk]), key.name
        )

    @display(description="State", label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        return key.status()

    @display(description="Starts with")
    def prefixed(self, key: ApiKey) -> str:
        return format_html("<code>{}…</code>", key.prefix)

    @display(description="Made by", ordering="made_by__username")
    def maker(self, key: ApiKey) -> str:
        return str(key.made_by or "somebody who left")

    @display(description="Expires", ordering="expires_at", empty_value="never")
    def expires(self, key: ApiKey) -> Any:
        return key.expires_at

    @display(description="Last used", ordering="last_used_at", empty_value="not yet")
    def used(self, key: ApiKey) -> Any:
        return key.last_used_at

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        access = self.access(request)
        access.require("keys.manage")
        form = KeyForm(request.POST or None, access=access)
        if request.method == "POST" and request.POST.get("once") != request.session.pop(ONCE, None):
            messages.info(request, "That form has made its key already, which was shown once.")
            return redirect("admin:sentinel_apikey_changelist")
        if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
            made = self._make(request.user, access, form)
            if made is not None:
                return self._show_once(request, *made)
        # A page that is loaded again sends its form again: each form makes one key.
        once = request.session[ONCE] = secrets.token_urlsafe(12)
        return self.page(request, "sentinel/key_form.html", title="New key", form=form, once=once)

    def _make(self, user: User, access: Access, form: KeyForm) -> tuple[ApiKey, str] | None:
        days = form.cleaned_data["expires"]
        try:
            return create_key(
                project=Project.objects.get(pk=access.project_id),
                made_by=user,
                permissions=form.cleaned_data["permissions"],
                name=form.cleaned_data["name"],
                expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
                reads_clients=form.cleaned_data["reads_clients"],
            )
        except AssayError as error:
            form.add_error(None, error.detail)
            return None

    def _show_once(self, request: HttpRequest, key: ApiKey, raw: str) -> HttpResponse:
        self.log_addition(request, key, "Made.")
        # Like every page of the admin it is sent with `no-store`: neither a proxy nor the browser keeps it.
        return self.page(request, "sentinel/key_made.html", title="Your new key", key=key, raw=raw)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key = self.get_object(request, object_id)
        if key is None:
            raise Http404
        return self.page(request, "sentinel/key.html", title=key.name, key=key, status=key.status())

    def revoke(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """Revoke a key, from the form on its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = self.get_object(request, str(key_id))
        if key is None:
            raise Http404
        if revoke_key(access=self.access(request), key=key):
            self.log_change(request, key, "Revoked.")
            messages.success(request, f"{key.name} is revoked. Whatever uses it is refused within two seconds.")
        return redirect("admin:sentinel_apikey_changelist")
