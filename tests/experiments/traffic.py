"""Units that come by, are served by the core, and bring something; all of it in the past."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from assay.core import assign
from assay.core.bundle import Bundle
from assay.core.resolve import Request, resolve
from django.db import connection
from django.utils import timezone

from config.ids import uuid7
from experiments.bundle import serve
from experiments.models import Experiment, Metric
from experiments.observed import number_of
from experiments.record_exposures import Met, expose
from experiments.record_outcomes import Measured, measure
from experiments.watch_experiment import watch_experiment


def in_the_past(experiment: Experiment, by: timedelta = timedelta(days=20)) -> Experiment:
    """As if it had been started some time ago."""
    Experiment.objects.filter(pk=experiment.pk).update(started_at=timezone.now() - by, ramp_step_at=timezone.now() - by)
    experiment.refresh_from_db()
    return experiment


def served(bundle: Bundle, experiment: Experiment, unit: str) -> int | None:
    """The arm that a unit is served, by the very code that serves it."""
    answer = resolve(
        bundle, Request(category=experiment.prompt.category, vertical=experiment.prompt.vertical, unit=unit)
    )
    return answer.experiment.arm if answer.experiment else None


def pass_by(
    experiment: Experiment,
    rates: Sequence[float],
    *,
    units: int = 2000,
    name: str = "unit",
    at: datetime | None = None,
    guardrails: Mapping[str, Sequence[float]] | None = None,
    seed: int = 1,
) -> int:
    """So many units are served at `at` (ten days ago), and a share `rates[arm]` of them converts an hour later; of
    each guardrail, a ratio, they bring values around `guardrails[slug][arm]`. How many took part."""
    at = at or timezone.now() - timedelta(days=10)
    chance = random.Random(seed)
    bundle = serve(experiment.project_id).bundle
    metrics = {metric.slug: metric for metric in Metric.objects.in_project(experiment.project_id)}
    met, seen = [], []
    for number in range(units):
        unit = f"{name}-{number}"
        arm = served(bundle, experiment, unit)
        if arm is None:
            continue
        who = number_of(assign.unit_hash(str(experiment.project_id), unit))
        met.append(Met(experiment.pk, arm, who, at))
        later = at + timedelta(hours=1)
        if chance.random() < rates[arm]:
            seen.append(Measured(uuid7(), who, experiment.primary_metric, 1.0, 1.0, later))
        for slug, means in (guardrails or {}).items():
            seen.append(Measured(uuid7(), who, metrics[slug], chance.gauss(means[arm], 1.0), 1.0, later))
    record(experiment.project_id, met, seen)
    return len(met)


def record(project_id: UUID, met: Sequence[Met], seen: Sequence[Measured]) -> None:
    """Write it down as if it had been sent when it happened."""
    expose(project_id=project_id, met=met)
    measure(project_id=project_id, measured=seen)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE experiments_outcome SET received_at = at WHERE received_at > at")
        cursor.execute("UPDATE experiments_exposure SET received_at = exposed_at WHERE received_at > exposed_at")


def watch(experiment: Experiment) -> Experiment:
    """One look of the worker, a minute after the last; the experiment after it."""
    Experiment.objects.filter(pk=experiment.pk).update(watched_at=None)
    watch_experiment(experiment_id=experiment.pk)
    return Experiment.objects.get(pk=experiment.pk)
