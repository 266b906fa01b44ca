"""This file lets you read what an experiment says: the same for the API, the admin, the chart and the evidence."""

from datetime import timedelta
from typing import Any

from assay.core.errors import AssayError
from django.utils import timezone

from experiments.analyse import analyse
from experiments.describe_analysis import describe_analysis
from experiments.fold import fold
from experiments.models import Experiment
from experiments.models.experiments import Purpose, Status

# The worker looks each minute; what it saw lately is read instead of all units again.
FRESH = timedelta(seconds=150)
# What it says of itself changes nothing of what it is.
SAID = ("proposed", "no_longer_proposed", "called_a_person")


def results(experiment: Experiment) -> dict[str, Any]:
    """Its results as plain JSON, described in docs/experiments.md: of a live one as of a minute or two ago, of a
    concluded one as they stood, with what a holdback has found since.

    Two queries; an analysis where no worker looked lately. Raises AssayError 409 `wrong_status` for a draft.
    """
    if experiment.status == Status.DRAFT:
        raise AssayError(
            "wrong_status", "A draft has no results yet.", status=409, extra={"experiment": {"status": "draft"}}
        )
    if experiment.evidence is not None:
        stood = dict(experiment.evidence["results"])
        return stood | {"holdback": _holdback(experiment)}
    now = timezone.now()
    seen = experiment.snapshots.order_by("-at").first()
    if seen is not None and seen.at > now - FRESH and seen.at >= _changed_at(experiment):
        return dict(seen.results)
    fold(project_id=experiment.project_id, wait=False)
    return describe_analysis(analyse(experiment, timezone.now()))


def _changed_at(experiment: Experiment) -> Any:
    """When something was last done to it: what was seen before that tells of another state."""
    done = experiment.events.exclude(action__in=SAID).order_by("-id").values_list("created_at", flat=True).first()
    return done or experiment.created_at


def _holdback(experiment: Experiment) -> dict[str, Any] | None:
    """What the shipped version is worth by units that were held back from it: it replaces the first estimate."""
    holdback = experiment.holdbacks.filter(purpose=Purpose.HOLDBACK).order_by("-created_at").first()
    if holdback is None:
        return None
    found = results(holdback)
    (comparison,) = found["primary"]["comparisons"]
    shown = ("too_early", "lift", "lift_interval", "difference", "interval", "p")
    return {"id": str(holdback.pk), "status": holdback.status, "units": found["units"]["counted"]} | {
        name: comparison[name] for name in shown
    }
