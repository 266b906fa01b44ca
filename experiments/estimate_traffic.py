"""This file lets you estimate how many units ask for a prompt in a day."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from experiments.models import Experiment, Exposure
from experiments.models.experiments import WHOLE, Purpose, Status

LOOK_BACK = timedelta(days=7)
# In less, a burst would pass for a day.
LEAST = timedelta(hours=1)


def estimate_traffic(*, project_id: UUID, prompt_id: UUID) -> float | None:
    """New units a day, were all of them to take part: from what the prompt's newest experiment met in its last seven
    days at one coverage. None where there was no such experiment. Two queries."""
    tests = Experiment.objects.in_project(project_id).filter(prompt_id=prompt_id, purpose=Purpose.TEST)
    newest = tests.exclude(status=Status.DRAFT).order_by("-started_at").first()
    if newest is None or newest.ramp_step_at is None:
        return None
    until = newest.exposure_ended_at or newest.concluded_at or timezone.now()
    since = max(newest.ramp_step_at, until - LOOK_BACK)
    # One that was rolled back covers nobody any more: its last step did.
    coverage = newest.coverage or (newest.ramp[newest.ramp_step]["coverage"] if newest.ramp else WHOLE)
    if until - since < LEAST:
        return None
    met = Exposure.objects.filter(experiment=newest, exposed_at__range=(since, until)).count()
    return met * WHOLE / coverage / ((until - since) / timedelta(days=1)) or None
