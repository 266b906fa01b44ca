"""This file lets you end an experiment and keep its evidence; what becomes of production is the caller's."""

from typing import Any, Literal

from django.utils import timezone

from experiments.models import Experiment
from experiments.models.experiments import Status
from experiments.results import results
from vault.models import Label
from vault.models.labels import PRODUCTION

Action = Literal["ship", "roll_back", "conclude"]


def close_experiment(experiment: Experiment, action: Action, *, arm: int | None = None) -> dict[str, Any]:
    """Conclude a claimed experiment, within its transaction. The evidence: what was done, with which arm, the versions
    in production before and after, and the results as they stood."""
    before = Label.objects.filter(prompt_id=experiment.prompt_id, name=PRODUCTION).values_list("version_id", flat=True)
    was = before.first()
    becomes = experiment.arms.get(number=arm).version_id if arm is not None else was
    stood = results(experiment)
    evidence: dict[str, Any] = {
        "action": action,
        "arm": arm,
        "production": {"before": str(was) if was else None, "after": str(becomes) if becomes else None},
        "results": stood,
    }
    experiment.status = Status.CONCLUDED
    experiment.concluded_at = timezone.now()
    experiment.verdict = stood["verdict"]["outcome"]
    experiment.evidence = evidence
    experiment.proposal = None
    experiment.alarm = ""
    if action == "roll_back":
        experiment.coverage = 0
    experiment.save()
    return evidence
