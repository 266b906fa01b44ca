"""This file lets you go on measuring what was shipped, on units that are held back from it."""

from django.utils import timezone

from experiments.draw_salt import draw_salt
from experiments.models import Arm, Experiment
from experiments.models.experiments import WHOLE, Mode, Purpose, Status
from sentinel.access import Access


def start_holdback(*, access: Access, experiment: Experiment, shipped: Arm) -> Experiment:
    """An experiment of its own, within the transaction that ships: the old version is its control, for as many units
    as were to be held back. It measures and recommends, and ends when its time is up."""
    now = timezone.now()
    control = experiment.arms.get(number=0)
    holdback = Experiment.objects.create(
        project_id=experiment.project_id,
        name=f"{experiment.name[:180]} – holdback",
        hypothesis=f"What {shipped.version} is worth, measured on units that were not chosen by what was seen.",
        prompt_id=experiment.prompt_id,
        purpose=Purpose.HOLDBACK,
        holdback_of=experiment,
        salt=draw_salt(),
        mode=Mode.MANUAL,
        primary_metric_id=experiment.primary_metric_id,
        significance=experiment.significance,
        smallest_effect=experiment.smallest_effect,
        min_sample_size=experiment.min_sample_size,
        max_duration_days=experiment.max_duration_days,
        ramp=[],
        started_by_id=experiment.started_by_id,
        started_key_id=experiment.started_key_id,
    )
    sides = ((control.version_id, experiment.holdback), (shipped.version_id, WHOLE - experiment.holdback))
    for number, (version_id, share) in enumerate(sides):
        Arm.objects.create(
            project_id=experiment.project_id, experiment=holdback, number=number, version_id=version_id, share=share
        )
    holdback.status = Status.RUNNING
    holdback.coverage = WHOLE
    holdback.planned_units = experiment.planned_units
    holdback.started_at = holdback.ramp_step_at = now
    holdback.save()
    holdback.tell("started", access, by=_by(access), of=str(experiment.pk))
    return holdback


def _by(access: Access) -> str:
    if access.key_id is not None:
        return "key"
    return "person" if access.user_id is not None else "worker"
