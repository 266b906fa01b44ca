"""The first page: what is worth most, what changed lately, and what wants looking after."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from sentinel.admin_slots import cards
from sentinel.current_project import current_access, open_projects
from sentinel.models import ApiKey, Heartbeat
from vault.models import Client, LabelMove, Prompt, Version

TOP = 6
LATEST_SHOWN = 8
EXPIRES_SOON = timedelta(days=14)


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Eight queries, however much there is, and those of what other apps put here."""
    if not open_projects(request):
        return context
    access = current_access(request)
    prompts = Prompt.objects.in_project(access.project_id)
    moves = LabelMove.objects.filter(project_id=access.project_id)
    drafts = Version.objects.filter(project_id=access.project_id)
    now = timezone.now()
    expiring = ApiKey.objects.active().filter(project_id=access.project_id, expires_at__lte=now + EXPIRES_SOON)
    beat = Heartbeat.objects.filter(name="worker").first()
    return context | {
        "summary": prompts.summary(),
        "top": prompts.active().order_by("-performance_score", "id")[:TOP],
        "unpublished": prompts.active().exclude(labels__name="production").order_by("-id")[:TOP],
        "moves": moves.select_related("prompt", "from_version", "to_version", "moved_by")
        .defer("from_version__content", "to_version__content")
        .order_by("-id")[:LATEST_SHOWN],
        "versions": drafts.select_related("prompt", "author")
        .defer("content", "variables", "model_settings")
        .order_by("-id")[:LATEST_SHOWN],
        "clients": Client.objects.in_project(access.project_id).active().count(),
        "expiring": expiring.order_by("expires_at") if access.may("keys.manage") else [],
        "worker": beat,
        "worker_alive": beat is not None and beat.is_alive(),
        "may_write": access.may("prompts.write"),
        "may_make_keys": access.may("keys.manage"),
        "cards": cards("overview", request),
    }
