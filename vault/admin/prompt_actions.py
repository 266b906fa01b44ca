"""The pages of one prompt that do something."""

from assay.core.errors import AssayError
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html

from sentinel.admin_base import ProjectAdmin
from vault.add_version import add_version
from vault.admin.prompt_form import PromptForm, suggestions
from vault.admin.prompt_pages import labels_of, newest_versions, show
from vault.admin.readable import Part, Piece
from vault.admin.try_form import TryForm, example_of
from vault.admin.version_form import VersionForm
from vault.create_prompt import create_prompt
from vault.find_version import find_version
from vault.models import Client, Prompt
from vault.models.labels import LATEST, PRODUCTION
from vault.move_label import move_label
from vault.save_prompt import save_prompt
from vault.take_back_label import take_back_label
from vault.try_version import try_version


def try_it(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """A form of the version's variables, and what comes out. Nothing is stored and nobody is served."""
    labels = labels_of(prompt)
    served = next((label.name for label in labels if label.name == PRODUCTION), LATEST)
    version = find_version(prompt, request.POST.get("version") or request.GET.get("version") or served)
    clients = list(Client.objects.in_project(prompt.project_id).active().order_by("name"))
    example = example_of(prompt, version)
    form = TryForm(request.POST if request.method == "POST" else {**example}, version=version, clients=clients)
    rendered: list[Part] = []
    if form.is_valid():
        client = next((it for it in clients if it.pk == form.client_id()), None)
        try:
            said = try_version(prompt=prompt, version=version, variables=form.variables(), client=client)
            is_text = version.kind == "text"
            # Shown as it is: what stands in it is not a template any more.
            rendered = [Part("" if is_text else it.role, [Piece("text", it.content)]) for it in said]
        except AssayError as error:
            # Before anybody typed anything, an empty form is not yet wrong.
            if request.method == "POST":
                form.tell(error)
            else:
                form = TryForm(initial=example, version=version, clients=clients)
    offered = newest_versions(prompt)
    return show(page, request, prompt, "try", form=form, version=version, versions=offered, rendered=rendered)


def new_version(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Write the next version, beginning with what there is."""
    access = page.access(request)
    access.require("prompts.write")
    parent = find_version(prompt, request.GET.get("from") or LATEST)
    form = VersionForm(request.POST if request.method == "POST" else None, version=parent)
    if request.method == "POST" and form.is_valid():
        publish = form.cleaned_data["publish"]
        try:
            version = add_version(access=access, prompt=prompt, parent=parent, publish=publish, **form.given())
        except AssayError as error:
            form.tell(error)
        else:
            told = "{} is published: it is served from now on." if publish else "{} is saved. Nobody is served it yet."
            messages.success(request, told.format(version.number))
            return redirect(page.url(prompt, "versions") if not publish else page.url(prompt))
    return show(page, request, prompt, "new_version", form=form, parent=parent)


def details(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Name, context, tags and examples; and the switch that takes it out of service."""
    access = page.access(request)
    access.require("prompts.write")
    form = PromptForm(request.POST if request.method == "POST" else None, prompt=prompt)
    if request.method == "POST" and form.is_valid():
        changed = Prompt.objects.get(pk=prompt.pk)
        for name, value in form.context().items():
            setattr(changed, name, value)
        try:
            save_prompt(changed)
        except AssayError as error:
            form.tell(error)
        else:
            page.log_change(request, changed, "Details changed.")
            messages.success(request, f"{changed.name} is saved.")
            return redirect(page.url(prompt))
    return show(page, request, prompt, "details", form=form, known=suggestions(prompt.project_id))


def new_prompt(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """A prompt and its first version, in one form."""
    access = page.access(request)
    access.require("prompts.write")
    typed = request.POST if request.method == "POST" else None
    form = PromptForm(typed)
    version_form = VersionForm(typed, initial={"publish": True})
    if typed is not None and form.is_valid() & version_form.is_valid():
        publish = version_form.cleaned_data["publish"]
        try:
            prompt = create_prompt(access=access, context=form.context(), publish=publish, **version_form.given())
        except AssayError as error:
            in_context = [one for one in error.errors if one.pointer.strip("/").split("/")[0] in form.fields]
            (form if in_context else version_form).tell(error)
        else:
            page.log_addition(request, prompt, "Made.")
            messages.success(request, f"{prompt.name} is {'published' if publish else 'saved as a draft'}.")
            return redirect(page.url(prompt))
    known = suggestions(access.project_id)
    return page.page(
        request, "vault/prompt/new.html", title="New prompt", form=form, version_form=version_form, known=known
    )


def move(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Move a label to a version, or take it away when none is named."""
    label = request.POST.get("label", "").strip()
    number = request.POST.get("version", "")
    version = find_version(prompt, number) if number else None
    done = move_label(access=page.access(request), prompt=prompt, label=label, version=version, reason="moved by hand")
    where = version.number if version else "nowhere"
    if done is None:
        messages.info(request, f"{label} was at {where} already.")
    else:
        told = f"{label} moved from {done.from_version or 'nowhere'} to {where}."
        messages.success(request, told)
    return _back(page, request, prompt)


def take_back(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Take back a label's last move."""
    label = request.POST.get("label", "").strip()
    done = take_back_label(access=page.access(request), prompt=prompt, label=label)
    if done is not None:
        messages.success(request, f"Taken back: {label} is at {done.to_version or 'no version'} again.")
    return _back(page, request, prompt)


def switch(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Take the prompt out of service, or put it back."""
    page.access(request).require("prompts.write")
    changed = get_object_or_404(Prompt, pk=prompt.pk)
    changed.is_active = request.POST.get("active") == "yes"
    save_prompt(changed)
    page.log_change(request, changed, "Switched on." if changed.is_active else "Switched off.")
    told = "is in service again." if changed.is_active else "is out of service: nobody is served it from now on."
    messages.success(request, format_html("{} {}", changed.name, told))
    return _back(page, request, prompt)


def _back(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    tab = request.POST.get("tab", "")
    return redirect(
        page.url(prompt, tab) if tab == "versions" else reverse("admin:vault_prompt_change", args=[prompt.pk])
    )
