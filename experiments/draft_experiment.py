"""This file lets you write down an experiment before it is started, and change it until then."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import transaction

from experiments.claim_experiment import claim_experiment
from experiments.models import Arm, Experiment, Guardrail, Metric
from experiments.models.experiments import WHOLE, Status
from sentinel.access import Access
from vault.models import Version

FIELDS = frozenset(
    {
        "name",
        "hypothesis",
        "prompt",
        "mode",
        "primary_metric",
        "significance",
        "smallest_effect",
        "min_sample_size",
        "max_duration_days",
        "ramp",
        "holdback",
    }
)


@dataclass(frozen=True, slots=True)
class Side:
    """An arm to be: the first is the control. `share` in ten-thousandths."""

    version: Version
    share: int


@dataclass(frozen=True, slots=True)
class Guard:
    """A metric that must not get worse by more than `margin`, relative to the control."""

    metric: Metric
    margin: float = 0.0


@transaction.atomic
def draft_experiment(
    *,
    access: Access,
    fields: dict[str, Any],
    experiment: Experiment | None = None,
    arms: Sequence[Side] | None = None,
    guardrails: Sequence[Guard] | None = None,
    secondary_metrics: Sequence[Metric] | None = None,
) -> Experiment:
    """A new draft, or `experiment` changed. `fields`: those of `FIELDS`. What is None stays as it is.

    A draft may be incomplete: whether it can start is for `check_draft` to say. Raises AssayError 403, 404, 409
    `wrong_status`, 422 with a pointer for each field that cannot be stored.
    """
    access.require("experiments.write")
    if experiment is None:
        draft = Experiment(project_id=access.project_id)
    else:
        draft = claim_experiment(access=access, experiment=experiment, statuses=(Status.DRAFT,), to="be changed")
    for name in fields.keys() & FIELDS:
        setattr(draft, name, fields[name])
    _check(access, draft, arms, guardrails, secondary_metrics)
    is_new = draft._state.adding
    draft.save()
    if arms is not None:
        _set_arms(draft, arms)
    if guardrails is not None:
        draft.guardrails.all().delete()
        Guardrail.objects.bulk_create(
            Guardrail(experiment=draft, metric=guard.metric, margin=guard.margin) for guard in guardrails
        )
    if secondary_metrics is not None:
        draft.secondary_metrics.set(secondary_metrics)
    draft.tell("drafted" if is_new else "changed", access)
    return draft


def _set_arms(draft: Experiment, arms: Sequence[Side]) -> None:
    draft.arms.all().delete()
    Arm.objects.bulk_create(
        Arm(project_id=draft.project_id, experiment=draft, number=number, version=side.version, share=side.share)
        for number, side in enumerate(arms)
    )


def _check(
    access: Access,
    draft: Experiment,
    arms: Sequence[Side] | None,
    guardrails: Sequence[Guard] | None,
    secondary_metrics: Sequence[Metric] | None,
) -> None:
    """Raises for what cannot be stored: a field out of its range, an arm or a guardrail twice, what is a stranger's."""
    errors = _fields(draft)
    if draft.prompt_id and draft.prompt.project_id != access.project_id:
        raise single("not_found", "/prompt", "There is no such prompt.", status=404)
    if draft.primary_metric_id and draft.primary_metric.project_id != access.project_id:
        raise single("not_found", "/primary_metric", "There is no such metric.", status=404)
    errors += _sides(draft, arms or ())
    errors += _guards(access, guardrails or ())
    if any(metric.project_id != access.project_id for metric in secondary_metrics or ()):
        raise single("not_found", "/secondary_metrics", "There is no such metric.", status=404)
    if errors:
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)


def _fields(draft: Experiment) -> list[FieldError]:
    try:
        draft.clean_fields(exclude=["project", "salt"])
    except ValidationError as error:
        return [
            FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))
            for name, found in error.error_dict.items()
            for one in found
        ]
    return []


def _sides(draft: Experiment, arms: Sequence[Side]) -> list[FieldError]:
    errors = []
    for place, side in enumerate(arms):
        if side.version.prompt_id != draft.prompt_id:
            told = "This version belongs to another prompt."
            errors.append(FieldError(f"/arms/{place}/version", "version_of_another_prompt", told))
        if any(side.version.pk == other.version.pk for other in arms[:place]):
            errors.append(FieldError(f"/arms/{place}/version", "arm_twice", "This version is an arm already."))
        if not 1 <= side.share <= WHOLE:
            told = f"A share is a whole number from 1 to {WHOLE} ten-thousandths."
            errors.append(FieldError(f"/arms/{place}/share", "invalid_share", told))
    if arms and sum(side.share for side in arms) != WHOLE:
        total = sum(side.share for side in arms)
        told = f"The shares sum to {total} ten-thousandths, not to {WHOLE}."
        errors.append(FieldError("/arms", "shares_do_not_sum", told))
    return errors


def _guards(access: Access, guardrails: Sequence[Guard]) -> list[FieldError]:
    errors = []
    for place, guard in enumerate(guardrails):
        if guard.metric.project_id != access.project_id:
            raise single("not_found", f"/guardrails/{place}/metric", "There is no such metric.", status=404)
        if any(guard.metric.pk == other.metric.pk for other in guardrails[:place]):
            errors.append(FieldError(f"/guardrails/{place}/metric", "metric_twice", "This guardrail is there twice."))
        if not 0 <= guard.margin <= 10:
            told = "A margin is a number from 0 to 10; 0.02 is 2 %."
            errors.append(FieldError(f"/guardrails/{place}/margin", "invalid_margin", told))
    return errors
