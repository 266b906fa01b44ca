"""This file lets a second person agree to what an experiment asks for, and so have it done."""

from assay.core.errors import AssayError
from django.db import transaction

from experiments.carry_out import carry_out
from experiments.check_second_person import check_second_person
from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Mode, Status
from sentinel.access import Access


@transaction.atomic
def approve_experiment(
    *, access: Access, experiment: Experiment, action: str | None = None, reason: str = ""
) -> Experiment:
    """The experiment after its proposal was done, in the name of who agreed. `action`: what they saw proposed.

    Raises AssayError 403 `second_person_needed` and what the action raises, 404, 409 `wrong_status`,
    `nothing_to_approve`, `proposal_changed`.
    """
    live = (Status.RUNNING, Status.PAUSED)
    claimed = claim_experiment(access=access, experiment=experiment, statuses=live, to="be approved")
    if claimed.mode != Mode.APPROVAL or claimed.proposal is None:
        raise AssayError("nothing_to_approve", "This experiment asks for nothing just now.", status=409)
    check_second_person(access=access, experiment=claimed)
    if action is not None and action != claimed.proposal["action"]:
        told = f"Meanwhile it asks for something else: {claimed.proposal['action']}."
        raise AssayError("proposal_changed", told, status=409)
    claimed.approved_by_id = access.user_id
    claimed.save(update_fields=["approved_by"])
    claimed.tell("approved", access, reason=reason, proposal=claimed.proposal)
    return carry_out(access=access, experiment=claimed, proposal=claimed.proposal)
