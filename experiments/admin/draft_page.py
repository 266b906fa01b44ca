"""The page of a draft: what it is going to be, what it needs, and the button that starts it."""

from typing import Any

from assay.core.errors import AssayError
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from experiments.admin.planner import StartForm, plan
from experiments.check_draft import check_draft
from experiments.models import Experiment
from experiments.models.experiments import Mode
from experiments.start_experiment import start_experiment
from sentinel.admin_base import ProjectAdmin

PLANNED = ("baseline_mean", "baseline_deviation", "units_per_day")


def show(
    page: ProjectAdmin, request: HttpRequest, experiment: Experiment, form: StartForm | None = None
) -> HttpResponse:
    """With `?baseline_mean=…` it is planned anew; nothing is stored by that."""
    if form is None:
        asked = request.GET.copy()
        # Bound also where nothing was typed, so that what the project knows is planned with at once.
        form = StartForm(asked)
    arms = list(experiment.arms.select_related("version").defer("version__content", "version__variables"))
    problems = check_draft(experiment)
    named = [("control" if arm.number == 0 else str(arm.version.number), arm.share) for arm in arms]
    planned = plan(
        form,
        prompt=experiment.prompt,
        metric=experiment.primary_metric,
        arms=named,
        smallest_effect=experiment.smallest_effect,
        significance=experiment.significance,
    )
    return page.page(
        request,
        "experiments/draft.html",
        title=experiment.name,
        experiment=experiment,
        arms=[{"arm": arm, "share": f"{arm.share / 100:g} %"} for arm in arms],
        plan_guardrails=list(experiment.guardrails.select_related("metric")),
        plan_secondaries=list(experiment.secondary_metrics.all()),
        ramp=[f"{step['coverage'] / 100:g} %" for step in experiment.ramp if "coverage" in step] or ["100 %"],
        mode=Mode(experiment.mode).label,
        problems=problems,
        planned=planned,
        form=form,
        may_write=page.access(request).may("experiments.write"),
    )


def start(page: ProjectAdmin, request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Start it, or say at the form what is missing."""
    access = page.access(request)
    access.require("experiments.write")
    form = StartForm(request.POST)
    if not form.is_valid():
        return show(page, request, experiment, form)
    given: dict[str, Any] = {
        "planned_units": form.cleaned_data["planned_units"],
        "baseline": form.baseline(),
        "reason": form.cleaned_data["reason"],
    }
    try:
        started = start_experiment(access=access, experiment=experiment, **given)
    except AssayError as error:
        if experiment.status != "draft" or error.status == 403:
            raise
        form.tell(error)
        return show(page, request, experiment, form)
    covered = f"{started.coverage / 100:g} %"
    told = f"{started.name} runs: {covered} of units take part, planned with {started.planned_units:,} in all."
    messages.success(request, told)
    return redirect("admin:experiments_experiment_change", experiment.pk)
