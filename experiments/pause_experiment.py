"""This file lets you pause an experiment: whom it knows keeps their arm, and nobody is exposed anew."""

from django.db import transaction

from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def pause_experiment(*, access: Access, experiment: Experiment, reason: str = "") -> Experiment:
    """The experiment, paused; its context stays held. Raises AssayError 403, 404, 409 `wrong_status`."""
    claimed = claim_experiment(access=access, experiment=experiment, statuses=(Status.RUNNING,), to="be paused")
    claimed.status = Status.PAUSED
    claimed.save(update_fields=["status"])
    claimed.tell("paused", access, reason=reason)
    return claimed
