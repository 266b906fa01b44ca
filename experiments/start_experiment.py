"""This file lets you start an experiment: what it plans with is fixed now, and the first units take part."""

from assay.core.errors import AssayError
from django.db import connection, transaction
from django.utils import timezone

from experiments.check_draft import check_draft
from experiments.claim_experiment import claim_experiment
from experiments.draw_salt import draw_salt
from experiments.models import Experiment
from experiments.models.experiments import WHOLE, Mode, Status
from experiments.plan_experiment import Known, plan_experiment
from sentinel.access import Access
from vault.models import VaultSettings
from vault.models.labels import PRODUCTION

# Problems that are a conflict with what else is going on, not a mistake in the draft.
CONFLICTS = {"context_taken"}


@transaction.atomic
def start_experiment(
    *,
    access: Access,
    experiment: Experiment,
    planned_units: int | None = None,
    baseline: Known | None = None,
    reason: str = "",
) -> Experiment:
    """The experiment, running at its ramp's first step.

    The units that are needed (N*) are `planned_units` where given; else they are worked out from the `baseline` given,
    or from what the project knows of the primary metric.

    Raises AssayError 403, 404, 409 `wrong_status` and `context_taken`, 422 for what `check_draft` finds,
    `baseline_unknown`, `effect_impossible`.
    """
    # One start after the other in a project: of two for the same context the second finds it taken.
    with connection.cursor() as cursor:
        lock = f"experiments.start:{experiment.project_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    claimed = claim_experiment(access=access, experiment=experiment, statuses=(Status.DRAFT,), to="be started")
    if errors := check_draft(claimed):
        first = errors[0]
        status = 409 if {error.code for error in errors} <= CONFLICTS else 422
        raise AssayError(first.code, first.detail, status=status, errors=errors)
    if claimed.mode == Mode.AUTO:
        _check_label(access, claimed)
    if planned_units is None:
        planned_units = plan_experiment(experiment=claimed, baseline=baseline).units
    if not 0 < planned_units < 2**31:
        raise AssayError("invalid_planned_units", "Planned units are a whole number above 0.", status=422)
    now = timezone.now()
    claimed.status = Status.RUNNING
    claimed.salt = claimed.salt or draw_salt()
    claimed.planned_units = planned_units
    claimed.started_at = claimed.ramp_step_at = now
    claimed.started_by_id = access.user_id
    claimed.started_key_id = access.key_id
    claimed.coverage = claimed.ramp[0]["coverage"] if claimed.ramp else WHOLE
    claimed.save()
    claimed.tell("started", access, reason=reason, by=_by(access), planned_units=planned_units)
    return claimed


def _check_label(access: Access, experiment: Experiment) -> None:
    protected = VaultSettings.objects.of(experiment.project_id).protected_labels
    if PRODUCTION in protected and not access.may("keys.manage"):
        told = "The label production is protected: only an admin or owner starts an experiment that moves it by itself."
        raise AssayError("label_protected", told, status=403)


def _by(access: Access) -> str:
    """Who this is, told so that it can be told later from somebody whose account is gone."""
    if access.key_id is not None:
        return "key"
    return "person" if access.user_id is not None else "installation"
