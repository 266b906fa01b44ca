"""This file lets you watch over an experiment: analyse it, keep what was seen, and act on it as its mode says.

Each step is a transaction of its own that looks at what stands: whoever is killed between two of them leaves nothing
half done, and the next look goes on from there."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from experiments.access_of_starter import access_of_starter
from experiments.act_on_verdict import act_on_verdict
from experiments.analyse import Analysis, analyse
from experiments.describe_analysis import describe_analysis
from experiments.fold import fold
from experiments.keep_snapshot import keep_snapshot
from experiments.models import Experiment
from experiments.models.experiments import Status
from experiments.project_course import ends_at, ramp_of
from experiments.widen_experiment import widen_experiment

# Of two that come within this the second does nothing.
REST = timedelta(seconds=30)
BROKEN = "It could not be analysed"


def watch_experiment(*, experiment_id: UUID) -> Analysis | None:
    """What was seen; None where somebody looked a moment ago, or it is not live any more."""
    if not _claim(experiment_id):
        return None
    try:
        return _watch(experiment_id)
    except Exception as error:
        # Whatever it is: this experiment calls a person, and the worker learns that its task failed.
        told = f"{BROKEN} ({type(error).__name__}); the worker's log says more."
        Experiment.objects.filter(pk=experiment_id).update(alarm=told)
        raise


def _claim(experiment_id: UUID) -> bool:
    now = timezone.now()
    rested = Q(watched_at=None) | Q(watched_at__lte=now - REST)
    return bool(Experiment.objects.live().filter(rested, pk=experiment_id).update(watched_at=now))


def _watch(experiment_id: UUID) -> Analysis | None:
    experiment = Experiment.objects.select_related("project", "primary_metric", "prompt").get(pk=experiment_id)
    fold(project_id=experiment.project_id)
    _end_exposure(experiment)
    analysis = analyse(experiment, timezone.now())
    if not keep_snapshot(analysis=analysis, results=describe_analysis(analysis)):
        return None
    if experiment.status == Status.PAUSED:
        # Nothing is acted on, but what was wrong with the last look is right again.
        Experiment.objects.filter(pk=experiment.pk, alarm__startswith=BROKEN).update(alarm="")
    elif not act_on_verdict(analysis=analysis):
        _widen(analysis)
    return analysis


@transaction.atomic
def _end_exposure(experiment: Experiment) -> None:
    """When its time is up nobody is exposed any more; the last windows are waited for."""
    now = timezone.now()
    if experiment.exposure_ended_at is not None or now < ends_at(experiment, now):
        return
    running = Experiment.objects.running().filter(pk=experiment.pk, exposure_ended_at=None)
    if running.update(exposure_ended_at=now):
        experiment.exposure_ended_at = now
        told = f"After {experiment.max_duration_days} days nobody is exposed any more; the last windows are waited for."
        experiment.tell("exposure_ended", reason=told)


def _widen(analysis: Analysis) -> None:
    step = ramp_of(analysis)["next"]
    if step is None or step["waits_for"]:
        return
    experiment = analysis.experiment
    told = "The step's time and units are reached, guardrails and split are sound."
    widen_experiment(
        access=access_of_starter(experiment), experiment=experiment, reason=told, from_step=experiment.ramp_step
    )
