"""This file lets you go on with an experiment that was paused."""

from django.db import transaction
from django.utils import timezone

from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def resume_experiment(*, access: Access, experiment: Experiment, reason: str = "") -> Experiment:
    """The experiment, running. A ramp's step begins anew. Raises AssayError 403, 404, 409 `wrong_status`."""
    claimed = claim_experiment(access=access, experiment=experiment, statuses=(Status.PAUSED,), to="be resumed")
    claimed.status = Status.RUNNING
    claimed.ramp_step_at = timezone.now()
    claimed.save(update_fields=["status", "ramp_step_at"])
    claimed.tell("resumed", access, reason=reason)
    return claimed
