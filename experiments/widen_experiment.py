"""This file lets you take an experiment's next ramp step: more units take part, and nobody changes arm."""

from assay.core.errors import AssayError
from django.db import transaction
from django.utils import timezone

from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def widen_experiment(
    *, access: Access, experiment: Experiment, reason: str = "", from_step: int | None = None
) -> Experiment:
    """The experiment with its next step's coverage. `from_step`: only where it still stands on that one.

    Raises AssayError 403, 404, 409 `wrong_status`, `ramp_at_its_end`.
    """
    claimed = claim_experiment(access=access, experiment=experiment, statuses=(Status.RUNNING,), to="be widened")
    if from_step is not None and claimed.ramp_step != from_step:
        return claimed
    if claimed.ramp_step + 1 >= len(claimed.ramp):
        raise AssayError("ramp_at_its_end", "There is no further step.", status=409)
    claimed.ramp_step += 1
    claimed.coverage = max(claimed.coverage, claimed.ramp[claimed.ramp_step]["coverage"])
    claimed.ramp_step_at = timezone.now()
    claimed.save(update_fields=["ramp_step", "coverage", "ramp_step_at"])
    claimed.tell("widened", access, reason=reason, step=claimed.ramp_step, coverage=claimed.coverage)
    return claimed
