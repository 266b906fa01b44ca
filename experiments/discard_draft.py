"""This file lets you throw a draft away. What was started once is kept for good."""

from django.db import transaction

from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def discard_draft(*, access: Access, experiment: Experiment) -> None:
    """Raises AssayError 403, 404, 409 `wrong_status` for one that is no draft any more."""
    claim_experiment(access=access, experiment=experiment, statuses=(Status.DRAFT,), to="be deleted").delete()
