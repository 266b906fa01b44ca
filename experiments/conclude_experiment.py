"""This file lets you end an experiment without shipping anything: production stays what it is."""

from django.db import transaction

from experiments.claim_experiment import claim_experiment
from experiments.close_experiment import close_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def conclude_experiment(*, access: Access, experiment: Experiment, reason: str = "") -> Experiment:
    """The experiment, concluded, with its evidence. Raises AssayError 403, 404, 409 `wrong_status`."""
    live = (Status.RUNNING, Status.PAUSED)
    claimed = claim_experiment(access=access, experiment=experiment, statuses=live, to="be concluded")
    close_experiment(claimed, "conclude")
    claimed.tell("concluded", access, reason=reason, verdict=claimed.verdict)
    return claimed
