"""This file lets you ship a treatment: production moves to its version for everybody, and the experiment is over."""

from assay.core.errors import AssayError, single
from django.db import transaction

from experiments.check_second_person import check_second_person
from experiments.claim_experiment import claim_experiment
from experiments.close_experiment import close_experiment
from experiments.models import Arm, Experiment
from experiments.models.experiments import Mode, Purpose, Status
from experiments.start_holdback import start_holdback
from sentinel.access import Access
from vault.models.labels import PRODUCTION
from vault.move_label import move_label


@transaction.atomic
def promote_experiment(
    *, access: Access, experiment: Experiment, arm: int | None = None, reason: str = ""
) -> Experiment:
    """The experiment, concluded, with its evidence. `arm`: the treatment to ship; its only one, or the one that its
    verdict names, where that is not said. Where a holdback was planned it starts at once.

    All or nothing: of two that ship at once the second finds it concluded. Raises AssayError 403 (`label_protected`
    and `second_person_needed` among others), 404, 409 `wrong_status`, 422 for an arm that cannot be shipped.
    """
    live = (Status.RUNNING, Status.PAUSED)
    claimed = claim_experiment(access=access, experiment=experiment, statuses=live, to="be promoted")
    if claimed.purpose == Purpose.HOLDBACK:
        raise AssayError("is_holdback", "A holdback ships nothing: what it measures is in production.", status=409)
    if claimed.mode == Mode.APPROVAL:
        check_second_person(access=access, experiment=claimed)
    chosen = _arm(claimed, arm)
    close_experiment(claimed, "ship", arm=chosen.number)
    # The experiment is concluded by now, within this transaction, and holds its prompt no more.
    told = f"shipped by the experiment {claimed.name}"[:200]
    move_label(access=access, prompt=claimed.prompt, label=PRODUCTION, version=chosen.version, reason=told)
    claimed.tell("shipped", access, reason=reason, arm=chosen.number, version=str(chosen.version_id))
    if claimed.holdback:
        start_holdback(access=access, experiment=claimed, shipped=chosen)
    return claimed


def _arm(experiment: Experiment, number: int | None) -> Arm:
    arms = {arm.number: arm for arm in experiment.arms.select_related("version")}
    open_ = [arm.number for arm in arms.values() if arm.number and arm.withdrawn_at is None]
    if number is None:
        number = (experiment.proposal or {}).get("arm") or (open_[0] if len(open_) == 1 else None)
    if number is None:
        raise single("required", "/arm", "Say which arm to ship: there are several.")
    if number not in open_:
        told = "The control is in production already." if number == 0 else "There is no such arm, or it was withdrawn."
        raise single("invalid_arm", "/arm", told)
    return arms[number]
