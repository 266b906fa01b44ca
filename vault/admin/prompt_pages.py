"""The pages of one prompt that only show."""

from typing import Any

from assay.core.errors import AssayError
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse

from sentinel.admin_base import ProjectAdmin
from sentinel.admin_slots import cards
from vault.admin import chart
from vault.admin.readable import parts_of
from vault.admin.word_diff import rows_of
from vault.compare_versions import compare_versions
from vault.find_version import find_version
from vault.held import check_free
from vault.models import EngagementReport, Label, LabelMove, Prompt, VaultSettings, Version
from vault.models.labels import LATEST, PRODUCTION
from vault.standing import standing

# So many of the newest versions are offered where one is chosen.
MOST_OFFERED = 100
MOVES_SHOWN = 20
REPORTS_A_PAGE = 50


def labels_of(prompt: Prompt) -> list[Label]:
    """Its labels with their versions, production first. One query."""
    labels = Label.objects.filter(prompt=prompt).select_related("version")
    return sorted(labels, key=lambda label: (label.name != PRODUCTION, label.name))


def newest_versions(prompt: Prompt) -> list[Version]:
    """Its versions without their content, newest first. One query."""
    light = prompt.versions.defer("content", "variables", "model_settings").select_related("author")
    return list(light.order_by("-major", "-minor", "-patch")[:MOST_OFFERED])


def last_moves(prompt: Prompt) -> dict[str, LabelMove]:
    """The last move of each label. One query."""
    moves = LabelMove.objects.filter(prompt=prompt).select_related("from_version", "to_version", "moved_by")
    light = moves.defer("from_version__content", "to_version__content")
    return {move.label: move for move in light.order_by("label", "-id").distinct("label")}


def held_by(prompt: Prompt) -> str:
    """Why production cannot be moved just now, in words; nothing when it can. One query."""
    try:
        check_free(prompt, "have its label production moved")
    except AssayError as error:
        return error.detail
    return ""


def label_rows(
    request: HttpRequest, page: ProjectAdmin, prompt: Prompt, labels: list[Label], *, held: bool
) -> list[dict[str, Any]]:
    """What the card of labels shows, and what this person may do with each."""
    access = page.access(request)
    protected = set(VaultSettings.objects.of(prompt.project_id).protected_labels)
    moves = last_moves(prompt)
    placed: dict[str, Version | None] = {label.name: label.version for label in labels}
    # One that was taken away can be brought back, so it stays in sight as long as that is its last move.
    placed |= {name: None for name in moves if name not in placed}
    placed.setdefault(PRODUCTION, None)
    return [
        {
            "name": name,
            "version": version,
            "move": moves.get(name),
            "is_protected": name in protected,
            "may_move": access.may("prompts.write")
            and (name not in protected or access.may("keys.manage"))
            and not (held and name == PRODUCTION),
        }
        for name, version in placed.items()
    ]


def overview(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """What is served, what it earned, where it is chosen, and where its labels are."""
    labels = labels_of(prompt)
    held = held_by(prompt)
    versions = newest_versions(prompt)
    served = next((label.version for label in labels if label.name == PRODUCTION), None)
    shown = served or (Version.objects.get(pk=versions[0].pk) if versions else None)
    reports = prompt.history.filter(sequence__in=chart.sequences_to_draw(prompt.reports)).order_by("sequence")
    drawn = list(reports.values_list("score_before", "score_after", "created_at"))
    scores = [drawn[0][0], *(after for _, after, _ in drawn)] if drawn else []
    return show(
        page,
        request,
        prompt,
        "overview",
        shown=shown,
        is_served=served is not None and prompt.is_active,
        parts=parts_of(shown.kind, shown.content) if shown else [],
        newest=versions[0] if versions else None,
        versions=versions,
        labels=label_rows(request, page, prompt, labels, held=bool(held)),
        held=held,
        chart=chart.draw(scores),
        since=drawn[0][2] if drawn else None,
        until=drawn[-1][2] if drawn else None,
        first_score=scores[0] if scores else None,
        tiers=standing(prompt) if served is not None and prompt.is_active else [],
        cards=cards("prompt", request, prompt),
        may_write=page.access(request).may("prompts.write"),
    )


def versions(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """All versions, and what changed between any two."""
    labels = labels_of(prompt)
    listed = newest_versions(prompt)
    named: dict[Any, list[str]] = {}
    for label in labels:
        named.setdefault(label.version_id, []).append(label.name)
    rows = [{"version": version, "labels": named.get(version.pk, [])} for version in listed]
    old, new = _compared(request, prompt, labels, listed)
    difference = compare_versions(old, new) if old and new else None
    return show(
        page,
        request,
        prompt,
        "versions",
        rows=rows,
        old=old,
        new=new,
        difference=difference,
        diff_rows=rows_of(difference.lines) if difference else [],
        may_write=page.access(request).may("prompts.write"),
    )


def _compared(
    request: HttpRequest, prompt: Prompt, labels: list[Label], listed: list[Version]
) -> tuple[Version | None, Version | None]:
    """The two that were asked for; else production and the newest, or the newest and the one before it."""
    if len(listed) < 2 and "from" not in request.GET:
        return None, None
    new = find_version(prompt, request.GET.get("to") or LATEST)
    if asked := request.GET.get("from"):
        return find_version(prompt, asked), new
    served = next((label.version for label in labels if label.name == PRODUCTION), None)
    before = served if served and served.pk != new.pk else Version.objects.get(pk=listed[1].pk)
    return before, new


def version(page: ProjectAdmin, request: HttpRequest, prompt: Prompt, number: str) -> HttpResponse:
    """One version, to be read as it is."""
    found = find_version(prompt, number)
    labels = [label.name for label in labels_of(prompt) if label.version_id == found.pk]
    return show(
        page,
        request,
        prompt,
        "versions",
        template="version",
        version=found,
        parts=parts_of(found.kind, found.content),
        labels=labels,
        properties=_described(found),
        may_write=page.access(request).may("prompts.write"),
    )


def _described(version: Version) -> list[dict[str, Any]]:
    required = set(version.variables.get("required", []))
    return [
        {
            "name": name,
            "type": _type_of(rule),
            "is_required": name in required,
            "has_default": "default" in rule,
            "default": rule.get("default"),
            "description": rule.get("description", ""),
        }
        for name, rule in version.variables.get("properties", {}).items()
    ]


def _type_of(rule: dict[str, Any]) -> str:
    if "enum" in rule:
        return "one of " + ", ".join(str(value) for value in rule["enum"])
    types = rule.get("type", "anything")
    return types if isinstance(types, str) else " or ".join(types)


def history(page: ProjectAdmin, request: HttpRequest, prompt: Prompt) -> HttpResponse:
    """Every move of a label and every report, newest first."""
    moves = prompt.label_moves.select_related("from_version", "to_version", "moved_by", "key")
    reports = EngagementReport.objects.filter(prompt=prompt).order_by("-sequence")
    light = reports.prefetch_related(Prefetch("version", Version.objects.only("number", "prompt_id")))
    pages = Paginator(light, REPORTS_A_PAGE)
    # The prompt counts its reports itself: the cached property is filled, and nothing is counted here.
    vars(pages)["count"] = prompt.reports
    return show(
        page,
        request,
        prompt,
        "history",
        moves=moves.defer("from_version__content", "to_version__content")[:MOVES_SHOWN],
        reports=pages.get_page(request.GET.get("p")),
    )


def show(
    page: ProjectAdmin, request: HttpRequest, prompt: Prompt, tab: str, *, template: str = "", **context: Any
) -> HttpResponse:
    """A page of the prompt, under its tab."""
    return page.page(
        request, f"vault/prompt/{template or tab}.html", title=prompt.name, prompt=prompt, tab=tab, **context
    )
