"""Clients and their brand voice."""

from typing import Any
from uuid import UUID

from assay.core.brand import is_empty
from assay.core.errors import AssayError
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_filters import by_switch
from vault.admin.brand_form import BrandForm
from vault.models import Client
from vault.save_client import save_client


@admin.register(Client)
class ClientAdmin(ProjectAdmin):
    place = Place("Vault", 11, "storefront", "Clients")
    add_title = "New client"
    reads = "prompts.read"
    writes = "prompts.write"
    list_display = ("named", "tone", "voice", "updated_at", "state")
    list_display_links = None
    list_filter = (by_switch("is_active", "state", "active", "switched off"),)
    search_fields = ("name", "brand_file__business_name")
    search_help_text = "Name"
    ordering = ("-is_active", "name")

    def get_urls(self) -> list[URLPattern]:
        switch = self.admin_site.admin_view(self.switch)
        return [path("<uuid:client_id>/switch/", switch, name="vault_client_switch"), *super().get_urls()]

    @display(description="Client", ordering="name")
    def named(self, client: Client) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small">{}</span>',
            reverse("admin:vault_client_change", args=[client.pk]),
            client.name,
            client.brand_file.get("tagline") or client.brand_file.get("business_name") or "",
        )

    @display(description="Tone")
    def tone(self, client: Client) -> str:
        voice = client.brand_file.get("voice") or {}
        return " · ".join(it for it in (voice.get("primary_tone"), voice.get("secondary_tone")) if it) or "–"

    @display(description="Brand voice")
    def voice(self, client: Client) -> str:
        if is_empty(client.brand_file):
            return format_html('<span class="as-chip">{}</span>', "not written yet")
        rules = len(client.brand_file.get("do") or []) + len(client.brand_file.get("dont") or [])
        return format_html('<span class="as-chip as-chip-good">{} rules</span>', rules)

    @display(description="State", ordering="is_active")
    def state(self, client: Client) -> str:
        return "active" if client.is_active else "switched off"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.access(request).require("prompts.write")
        return self._edit(request, Client(project_id=self.access(request).project_id), is_new=True)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        client = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if client is None:
            raise Http404
        return self._edit(request, client, is_new=False)

    def _edit(self, request: HttpRequest, client: Client, *, is_new: bool) -> HttpResponse:
        access = self.access(request)
        if request.method == "POST":
            access.require("prompts.write")
        form = BrandForm(request.POST if request.method == "POST" else None, client=None if is_new else client)
        if request.method == "POST" and form.is_valid():
            client.name, client.brand_file = form.cleaned_data["name"], form.brand_file()
            try:
                save_client(access=access, client=client)
            except AssayError as error:
                form.tell(error)
            else:
                log = self.log_addition if is_new else self.log_change
                log(request, client, "Made." if is_new else "Brand voice changed.")
                messages.success(request, f"{client.name} is saved: their voice is served from now on.")
                return redirect("admin:vault_client_changelist")
        title = "New client" if is_new else client.name
        return self.page(
            request,
            "vault/client.html",
            title=title,
            form=form,
            client=None if is_new else client,
            may_write=access.may("prompts.write"),
        )

    def switch(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Take a client out of the bundle, or put them back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        client = self.get_object(request, str(client_id))
        if client is None:
            raise Http404
        client.is_active = request.POST.get("active") == "yes"
        save_client(access=self.access(request), client=client)
        messages.success(request, f"{client.name} is {'active again' if client.is_active else 'switched off'}.")
        return redirect("admin:vault_client_change", client.pk)
