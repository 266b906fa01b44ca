"""This file lets you take an experiment back: before a shipping its treatments, after it what was shipped."""

from assay.core.errors import AssayError
from django.db import transaction

from experiments.claim_experiment import claim_experiment
from experiments.close_experiment import close_experiment
from experiments.models import Experiment
from experiments.models.experiments import Purpose, Status
from sentinel.access import Access
from vault.models import Label, Version
from vault.models.labels import PRODUCTION
from vault.move_label import move_label


@transaction.atomic
def roll_back_experiment(*, access: Access, experiment: Experiment, reason: str = "") -> Experiment:
    """Before a shipping: coverage 0 and concluded, production untouched. After it: production moves back to the version
    that the evidence names, and a holdback that is still going on ends.

    Raises AssayError 403, 404, 409 `wrong_status`, `nothing_to_roll_back`, `production_moved_on`.
    """
    statuses = (Status.RUNNING, Status.PAUSED, Status.CONCLUDED)
    claimed = claim_experiment(access=access, experiment=experiment, statuses=statuses, to="be rolled back")
    if claimed.purpose == Purpose.HOLDBACK:
        told = "Roll back the experiment that this holdback measures; its own control is served to few only."
        raise AssayError("is_holdback", told, status=409, extra={"experiment": {"id": str(claimed.holdback_of_id)}})
    if claimed.status == Status.CONCLUDED:
        return _take_back(access, claimed, reason)
    close_experiment(claimed, "roll_back")
    claimed.tell("rolled_back", access, reason=reason)
    return claimed


def _take_back(access: Access, experiment: Experiment, reason: str) -> Experiment:
    evidence = experiment.evidence or {}
    if evidence.get("action") != "ship" or evidence["production"]["before"] is None:
        raise AssayError("nothing_to_roll_back", "This experiment has shipped nothing.", status=409)
    before, after = evidence["production"]["before"], evidence["production"]["after"]
    now = Label.objects.filter(prompt_id=experiment.prompt_id, name=PRODUCTION).values_list("version_id", flat=True)
    if str(now.first()) != after:
        told = "Production is no longer what this experiment shipped: move the label by hand if it should go back."
        raise AssayError("production_moved_on", told, status=409)
    for holdback in experiment.holdbacks.live():
        claimed = claim_experiment(
            access=access, experiment=holdback, statuses=(Status.RUNNING, Status.PAUSED), to="end"
        )
        close_experiment(claimed, "conclude")
        claimed.tell("concluded", access, reason="What it measures was taken back.")
    version = Version.objects.get(pk=before)
    told = f"taken back from the experiment {experiment.name}"[:200]
    move_label(access=access, prompt=experiment.prompt, label=PRODUCTION, version=version, reason=told)
    experiment.tell("taken_back", access, reason=reason, version=before)
    return experiment
