"""What a person does with an experiment: its form, and one verb for each button."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from experiments.admin.experiment_form import ExperimentForm, versions_of
from experiments.admin.planner import PlannerForm, plan
from experiments.approve_experiment import approve_experiment
from experiments.conclude_experiment import conclude_experiment
from experiments.discard_draft import discard_draft
from experiments.draft_experiment import draft_experiment
from experiments.models import Experiment, Metric
from experiments.pause_experiment import pause_experiment
from experiments.promote_experiment import promote_experiment
from experiments.resume_experiment import resume_experiment
from experiments.roll_back_experiment import roll_back_experiment
from experiments.widen_experiment import widen_experiment
from experiments.withdraw_arm import withdraw_arm
from sentinel.admin_base import ProjectAdmin
from vault.models import Prompt

LONGEST_REASON = 1000
PROMPTS_SHOWN = 20
# Each action's verb, and what is said when it is done.
VERBS: dict[str, tuple[Callable[..., Experiment], str]] = {
    "pause": (pause_experiment, "{} is paused. Who is in it stays; nobody new takes part."),
    "resume": (resume_experiment, "{} goes on."),
    "widen": (widen_experiment, "{} is open to more units now."),
    "withdraw": (withdraw_arm, "The arm is out of {}; the others go on."),
    "promote": (promote_experiment, "{} is over: its version is served to everybody."),
    "conclude": (conclude_experiment, "{} is over. Production stays what it is."),
    "roll_back": (roll_back_experiment, "{} is taken back: everybody gets the version from before."),
    "approve": (approve_experiment, "You agreed, and it is done."),
}
WITH_ARM = ("promote", "withdraw")


def act(name: str) -> Callable[[ProjectAdmin, HttpRequest, Experiment], HttpResponse]:
    """The view that has one verb done, from a form on the experiment's page."""
    verb, told = VERBS[name]

    def done(page: ProjectAdmin, request: HttpRequest, experiment: Experiment) -> HttpResponse:
        given: dict[str, Any] = {"reason": request.POST.get("reason", "").strip()[:LONGEST_REASON]}
        if name in WITH_ARM and (arm := request.POST.get("arm", "")):
            # No arm has a number that is no number: the verb says so.
            given["arm"] = int(arm) if arm.isdecimal() and len(arm) < 4 else -1
        if name == "approve":
            given["action"] = request.POST.get("action") or None
        verb(access=page.access(request), experiment=experiment, **given)
        messages.success(request, told.format(experiment.name))
        return redirect("admin:experiments_experiment_change", experiment.pk)

    return done


def discard(page: ProjectAdmin, request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Throw a draft away."""
    discard_draft(access=page.access(request), experiment=experiment)
    messages.success(request, f"The draft {experiment.name} is gone.")
    return redirect("admin:experiments_experiment_changelist")


def new(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """Choose the prompt first, then say what is to be compared."""
    access = page.access(request)
    access.require("experiments.write")
    prompts = Prompt.objects.in_project(access.project_id)
    if chosen := request.GET.get("prompt"):
        return write(page, request, get_object_or_404(prompts, pk=_id(chosen)))
    asked = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    found = prompts.active().filter(labels__name="production")
    if asked:
        found = found.filter(name__icontains=asked)
    held = Experiment.objects.live().in_project(access.project_id).values_list("prompt_id", flat=True)
    return page.page(
        request,
        "experiments/choose_prompt.html",
        title="New experiment",
        asked=asked,
        prompts=list(found.order_by("-performance_score", "id")[:PROMPTS_SHOWN]),
        held=set(held),
    )


def _id(sent: str) -> UUID | None:
    try:
        return UUID(sent)
    except ValueError:
        return None


def edit(page: ProjectAdmin, request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Change a draft."""
    page.access(request).require("experiments.write")
    if experiment.status != "draft":
        return redirect("admin:experiments_experiment_change", experiment.pk)
    return write(page, request, experiment.prompt, experiment)


def write(
    page: ProjectAdmin, request: HttpRequest, prompt: Prompt, experiment: Experiment | None = None
) -> HttpResponse:
    """The form: planned with one button, saved with the other."""
    control, versions = versions_of(prompt)
    typed = request.POST if request.method == "POST" else None
    form = ExperimentForm(typed, prompt=prompt, control=control, versions=versions, experiment=experiment)
    planner = PlannerForm(typed)
    planned = None
    if typed is not None and form.is_valid():
        if "plan" in typed:
            planned = _plan(form, planner)
        else:
            try:
                drafted = form.drafted()
                saved = draft_experiment(access=page.access(request), experiment=experiment, **drafted)
            except AssayError as error:
                form.tell(error)
            else:
                messages.success(request, f"{saved.name} is a draft. Nobody meets it until it is started.")
                return redirect("admin:experiments_experiment_change", saved.pk)
    return page.page(
        request,
        "experiments/form.html",
        title=experiment.name if experiment else "New experiment",
        form=form,
        planner=planner,
        planned=planned,
        prompt=prompt,
        experiment=experiment,
    )


def _plan(form: ExperimentForm, planner: PlannerForm) -> Any:
    arms = [(str(side.version.number), side.share) for side in form.sides]
    metric: Metric = form.cleaned_data["primary_metric"]
    effect, significance = form.cleaned_data["smallest_effect"], form.cleaned_data["significance"]
    if not 0.001 <= effect <= 10 or not 0.001 <= significance <= 0.2:
        form.add_error(None, "The smallest effect lies between 0.1 and 1000 %, the significance between 0.1 and 20 %.")
        return None
    return plan(
        planner, prompt=form.prompt, metric=metric, arms=arms, smallest_effect=effect, significance=significance
    )
