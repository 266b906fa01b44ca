"""This file lets you find out what keeps a draft from being started."""

from collections.abc import Iterator
from typing import Any

from assay.core.errors import FieldError

from experiments.models import Arm, Experiment
from experiments.models.experiments import WHOLE
from vault.models import Label, Prompt
from vault.models.labels import PRODUCTION

MOST_ARMS = 10
MOST_STEPS = 20
STEP = {"coverage", "minutes", "units"}


def check_draft(experiment: Experiment) -> list[FieldError]:
    """Everything that is wrong with it, each with its place in what was sent; empty where it may start. Six queries."""
    return [*_arms(experiment), *_ramp(experiment.ramp), *_metrics(experiment), *_context(experiment)]


def _arms(experiment: Experiment) -> Iterator[FieldError]:
    arms = list(experiment.arms.select_related("version").order_by("number"))
    if len(arms) < 2:
        yield FieldError("/arms", "no_treatment", "An experiment needs a control and at least one treatment.")
    if len(arms) > MOST_ARMS:
        yield FieldError("/arms", "too_many_arms", f"An experiment has {MOST_ARMS} arms at most.")
    total = sum(arm.share for arm in arms)
    if total != WHOLE:
        yield FieldError("/arms", "shares_do_not_sum", f"The shares sum to {total} ten-thousandths, not to {WHOLE}.")
    if [arm.number for arm in arms] != list(range(len(arms))):
        yield FieldError("/arms", "invalid_arm", "Arms are numbered from 0, the control, without a gap.")
    for place, arm in enumerate(arms):
        yield from _arm(experiment, arms[:place], arm, f"/arms/{place}")


def _arm(experiment: Experiment, before: list[Arm], arm: Arm, pointer: str) -> Iterator[FieldError]:
    if arm.version.prompt_id != experiment.prompt_id:
        told = "This version belongs to another prompt."
        yield FieldError(f"{pointer}/version", "version_of_another_prompt", told)
    if any(other.version_id == arm.version_id for other in before):
        yield FieldError(f"{pointer}/version", "arm_twice", "This version is an arm already.")
    if arm.share < 1:
        yield FieldError(f"{pointer}/share", "invalid_share", "Every arm has a share, of 1 ten-thousandth at least.")
    if arm.number == 0:
        label = Label.objects.filter(prompt_id=experiment.prompt_id, name=PRODUCTION).first()
        if label is None or label.version_id != arm.version_id:
            told = "The control is the version that is in production; this one is not."
            yield FieldError(f"{pointer}/version", "control_not_in_production", told)


def _ramp(ramp: Any) -> Iterator[FieldError]:
    if not isinstance(ramp, list) or len(ramp) > MOST_STEPS:
        yield FieldError("/ramp", "invalid_ramp", f"A ramp is a list of {MOST_STEPS} steps at most.")
        return
    covered = 0
    for place, step in enumerate(ramp):
        if not isinstance(step, dict) or set(step) != STEP or not all(_whole(value) for value in step.values()):
            told = "A step says its coverage in ten-thousandths, its minutes and its units, whole numbers of 0 or more."
            yield FieldError(f"/ramp/{place}", "invalid_ramp", told)
        elif not covered < step["coverage"] <= WHOLE:
            told = f"Coverage grows from step to step, to {WHOLE} ten-thousandths at most."
            yield FieldError(f"/ramp/{place}/coverage", "invalid_ramp", told)
        else:
            covered = step["coverage"]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _metrics(experiment: Experiment) -> Iterator[FieldError]:
    if experiment.primary_metric.project_id != experiment.project_id:
        yield FieldError("/primary_metric", "not_found", "There is no such metric.")
    for place, guardrail in enumerate(experiment.guardrails.select_related("metric")):
        if guardrail.metric.project_id != experiment.project_id:
            yield FieldError(f"/guardrails/{place}/metric", "not_found", "There is no such metric.")
        if guardrail.metric_id == experiment.primary_metric_id:
            told = "The primary metric guards itself: a treatment that is worse in it is rolled back."
            yield FieldError(f"/guardrails/{place}/metric", "metric_twice", told)
    for place, metric in enumerate(experiment.secondary_metrics.all()):
        if metric.project_id != experiment.project_id:
            yield FieldError(f"/secondary_metrics/{place}", "not_found", "There is no such metric.")
        if metric.pk == experiment.primary_metric_id:
            told = "This is the primary metric already."
            yield FieldError(f"/secondary_metrics/{place}", "metric_twice", told)


def _context(experiment: Experiment) -> Iterator[FieldError]:
    prompt = experiment.prompt
    if not prompt.is_active:
        yield FieldError("/prompt", "prompt_inactive", "This prompt is out of service.")
    live = Experiment.objects.live().in_project(experiment.project_id).exclude(pk=experiment.pk)
    for other in live.select_related("prompt"):
        if could_meet(prompt, other.prompt):
            told = f"The experiment {other.name!r} on the prompt {other.prompt.name!r} could serve the same context."
            yield FieldError("/prompt", "context_taken", told)


def could_meet(one: Prompt, other: Prompt) -> bool:
    """Whether some request has both prompts to choose from.

    A tier takes its candidates by category, vertical and language; a prompt without an agent serves every agent. The
    platform keeps them apart in the exact tier alone: a request that names none finds both in the next one."""
    if one.pk == other.pk:
        return True
    same = ("category", "vertical", "language")
    if any(getattr(one, field) != getattr(other, field) for field in same):
        return False
    return one.agent_code is None or other.agent_code is None or one.agent_code == other.agent_code
