"""What agents put on the pages of the vault: on the first page, and on a prompt's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from agents.admin.tallies import tally
from agents.admin.version_runs import version_runs
from agents.admin.windows import named_window
from agents.models import Run
from sentinel.admin_slots import Card, put
from sentinel.current_project import current_access
from vault.models import Version

# So many of a prompt's newest versions are looked at.
VERSIONS_SHOWN = 6


@put("overview")
def overview(request: HttpRequest, about: Any) -> Card | None:
    """What ran today. One query, two on a day without a run."""
    access = current_access(request)
    today = named_window("today", timezone.now())
    if today is None or not access.may("agents.read"):
        return None
    counted, columns = tally(access.project_id, today, {})
    runs: QuerySet[Any] = Run.objects.in_project(access.project_id)
    told = {"tally": counted, "columns": columns, "has_any": bool(counted.runs) or runs.exists()}
    return Card("agents/overview_card.html", told, order=10)


@put("prompt")
def of_prompt(request: HttpRequest, about: Any) -> Card | None:
    """What became of the runs that used a prompt's newest versions. Two queries."""
    access = current_access(request)
    if not access.may("agents.read"):
        return None
    versions = list(Version.objects.filter(prompt=about).order_by("-id").only("number", "prompt_id")[:VERSIONS_SHOWN])
    used = version_runs(access.project_id, [version.pk for version in versions])
    rows = [{"version": version, "told": used[version.pk]} for version in versions if version.pk in used]
    return Card("agents/prompt_card.html", {"rows": rows}, order=10) if rows else None
