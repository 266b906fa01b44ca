"""How the project's vault chooses: one page, no list."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_fields import CommaList, TextWidget
from vault.models import VaultSettings
from vault.models.labels import LABEL_NAME
from vault.models.prompts import LANGUAGE
from vault.models.settings import Policy

POLICIES = [
    (Policy.SCORE, "Highest score", "Always the best so far. Steady; a newcomer waits until the best one falls."),
    (
        Policy.THOMPSON,
        "Thompson sampling",
        "A draw from what each may be worth. Newcomers get their chance, and luck does not win for ever.",
    ),
]


class SettingsForm(forms.Form):
    policy = forms.ChoiceField(choices=Policy.choices, widget=forms.RadioSelect)
    default_language = forms.CharField(
        max_length=20,
        validators=[LANGUAGE],
        widget=TextWidget,
        help_text="Served when nothing is there in the language that was asked for.",
    )
    protected_labels = CommaList(
        required=False,
        widget=TextWidget({"placeholder": "production"}),
        help_text="Separated by commas. Only an admin or owner moves these, by whatever door.",
    )

    def clean_protected_labels(self) -> list[str]:
        names: list[str] = self.cleaned_data["protected_labels"]
        for name in names:
            try:
                LABEL_NAME(name)
            except ValidationError:
                raise ValidationError(f"{name!r} is no label: {LABEL_NAME.message}") from None
        return names


@admin.register(VaultSettings)
class SettingsAdmin(ProjectAdmin):
    place = Place("Vault", 15, "tune", "Settings")
    reads = "prompts.read"
    writes = "keys.manage"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.writes)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        access = self.access(request)
        access.require("prompts.read")
        settings = VaultSettings.objects.of(access.project_id)
        names = ("policy", "default_language", "protected_labels")
        initial = {name: getattr(settings, name) for name in names}
        form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            access.require("keys.manage")
            for name in names:
                setattr(settings, name, form.cleaned_data[name])
            settings.save()
            self.log_change(request, settings, "Changed.")
            messages.success(request, "Saved. Every process chooses by it within a second.")
            return redirect("admin:vault_vaultsettings_changelist")
        chosen = form["policy"].value()
        policies = [(value, title, told, value == chosen) for value, title, told in POLICIES]
        return self.page(
            request,
            "vault/settings.html",
            title="Settings",
            form=form,
            policies=policies,
            may_write=self.has_change_permission(request),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if self.get_object(request, object_id) is None:
            self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect("admin:vault_vaultsettings_changelist")
