"""This file lets you take one treatment out of an experiment while the others go on."""

from assay.core.errors import single
from django.db import transaction
from django.utils import timezone

from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access


@transaction.atomic
def withdraw_arm(*, access: Access, experiment: Experiment, arm: int, reason: str = "") -> Experiment:
    """Its units get what is in production, nobody is exposed to it any more, and its share goes to nobody else.

    Raises AssayError 403, 404, 409 `wrong_status`, 422 `invalid_arm`: the control, the last treatment, no such arm.
    """
    live = (Status.RUNNING, Status.PAUSED)
    claimed = claim_experiment(access=access, experiment=experiment, statuses=live, to="have an arm withdrawn")
    open_ = {each.number: each for each in claimed.arms.filter(withdrawn_at=None)}
    if arm == 0 or arm not in open_:
        told = "The control cannot be withdrawn." if arm == 0 else "There is no such arm, or it was withdrawn."
        raise single("invalid_arm", "/arm", told)
    if len(open_) == 2:
        raise single("invalid_arm", "/arm", "This is the last treatment: roll the experiment back, or conclude it.")
    open_[arm].withdrawn_at = timezone.now()
    open_[arm].save(update_fields=["withdrawn_at"])
    claimed.tell("withdrew", access, reason=reason, arm=arm)
    return claimed
