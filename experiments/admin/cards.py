"""What experiments put on the pages of the vault: on the first page, and on a prompt's."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest

from experiments.admin.words import OUTCOMES, STATUS_CHIPS
from experiments.models import Experiment, Snapshot
from experiments.models.experiments import Status
from sentinel.admin_slots import Card, put
from sentinel.current_project import current_access

MOST_SHOWN = 6


def _rows(experiments: Any) -> list[dict[str, Any]]:
    said = Snapshot.objects.filter(experiment=OuterRef("pk")).order_by("-at").values("verdict")[:1]
    light = experiments.select_related("prompt").annotate(said=Subquery(said))
    light = light.only("name", "status", "proposal", "alarm", "started_at", "prompt__name")
    return [
        {
            "experiment": it,
            "chip": STATUS_CHIPS[it.status],
            "says": OUTCOMES.get(it.said) if it.is_live else None,
            "waits": bool(it.is_live and (it.alarm or it.proposal)),
        }
        for it in light
    ]


@put("overview")
def overview(request: HttpRequest, about: Any) -> Card | None:
    """What goes on, and first of all what needs a person. One query."""
    access = current_access(request)
    if not access.may("experiments.read"):
        return None
    live = Experiment.objects.live().in_project(access.project_id).order_by("-started_at")
    rows = sorted(_rows(live[:50]), key=lambda row: not row["waits"])
    waiting = sum(row["waits"] for row in rows)
    may_write = access.may("experiments.write")
    told = {"rows": rows[:MOST_SHOWN], "waiting": waiting, "live": len(rows), "may_write": may_write}
    return Card("experiments/overview_card.html", told)


@put("prompt")
def of_prompt(request: HttpRequest, about: Any) -> Card | None:
    """A prompt's experiments, the newest first. One query."""
    access = current_access(request)
    if not access.may("experiments.read"):
        return None
    tests = Experiment.objects.in_project(access.project_id).filter(prompt=about).order_by("-created_at")
    rows = _rows(tests[:MOST_SHOWN])
    live = any(row["experiment"].status in (Status.RUNNING, Status.PAUSED) for row in rows)
    told = {"rows": rows, "prompt": about, "may_start": access.may("experiments.write") and not live}
    return Card("experiments/prompt_card.html", told)
