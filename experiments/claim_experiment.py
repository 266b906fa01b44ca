"""This file lets you take hold of an experiment before something is done to it, so that nobody else does meanwhile."""

from assay.core.errors import AssayError

from experiments.models import Experiment
from experiments.models.experiments import Status
from sentinel.access import Access
from vault.models import Prompt


def claim_experiment(*, access: Access, experiment: Experiment, statuses: tuple[Status, ...], to: str) -> Experiment:
    """The experiment as it is now, locked until the transaction ends, and its prompt before it. Two queries.

    Raises AssayError 404 for one of another project, 403, 409 `wrong_status` unless it is in one of `statuses`; `to`
    says what for, in words.
    """
    access.require("experiments.write")
    if experiment.project_id != access.project_id:
        raise AssayError("not_found", "There is no such experiment.", status=404)
    # The prompt first, always: whoever moves its production holds it too and asks for the experiment then.
    Prompt.objects.select_for_update(no_key=True).get(pk=experiment.prompt_id)
    claimed = Experiment.objects.select_for_update(no_key=True).filter(pk=experiment.pk).first()
    if claimed is None:
        # A draft, thrown away a moment ago.
        raise AssayError("not_found", "There is no such experiment.", status=404)
    if claimed.status not in statuses:
        told = f"This experiment is {claimed.status}; only one that is {' or '.join(statuses)} can {to}."
        raise AssayError("wrong_status", told, status=409, extra={"experiment": {"status": claimed.status}})
    return claimed
