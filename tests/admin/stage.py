"""Experiments in every state that a page may have to show."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from experiments.analyse import analyse
from experiments.describe_analysis import describe_analysis
from experiments.draft_experiment import Guard, Side, draft_experiment
from experiments.fold import fold
from experiments.keep_snapshot import keep_snapshot
from experiments.models import Experiment, Exposure, Metric
from experiments.pause_experiment import pause_experiment
from experiments.promote_experiment import promote_experiment
from experiments.roll_back_experiment import roll_back_experiment
from experiments.start_experiment import start_experiment
from experiments.withdraw_arm import withdraw_arm
from tests.admin.shelf import make_prompt
from tests.conftest import Person
from tests.experiments.traffic import in_the_past, pass_by, watch
from vault.add_version import add_version

BETTER, WORSE, SAME = (0.2, 0.35), (0.35, 0.2), (0.3, 0.3)
PARTS, LOOKS = 8, 10


def make_draft(person: Person, name: str = "A warmer caption", *, arms: int = 2, **more: Any) -> Experiment:
    """A draft on a prompt of its own, with a guardrail and a metric that is watched."""
    place = {"category": name.lower().replace(" ", "-"), "platform": None, "agent_code": None}
    prompt = make_prompt(person, f"{name}: prompt", content="Say it.", **place)
    versions = [prompt.labels.get(name="production").version]
    for number in range(1, arms):
        content = f"Say it warmly, {number} times."
        versions.append(add_version(access=person.access, prompt=prompt, content=content))
    share = 10_000 // arms
    shares = [10_000 - share * (arms - 1), *[share] * (arms - 1)]
    fields = {
        "name": name,
        "hypothesis": "Who is greeted warmly clicks more often.",
        "prompt": prompt,
        "primary_metric": metric_of(person, "click_through"),
        "smallest_effect": 0.1,
    }
    return draft_experiment(
        access=person.access,
        fields=fields | more,
        arms=[Side(version, part) for version, part in zip(versions, shares, strict=True)],
        guardrails=[Guard(metric_of(person, "response_time_ms"), 0.1)],
        secondary_metrics=[metric_of(person, "engagement")],
    )


def make_running(person: Person, name: str, rates: tuple[float, ...] = SAME, **more: Any) -> Experiment:
    """One that has been running for twenty days, was met by units on ten of them, and was looked at all the while."""
    units, harm, looks = more.pop("units", 1200), more.pop("harm", 0.0), more.pop("looks", LOOKS)
    draft = make_draft(person, name, arms=len(rates), **({"ramp": []} | more))
    started = start_experiment(access=person.access, experiment=draft, planned_units=1500, reason="Agreed on Monday.")
    experiment = in_the_past(started)
    now = timezone.now()
    guarded = {"response_time_ms": [900.0 + harm * arm for arm in range(len(rates))]}
    for part in range(PARTS):
        at = now - timedelta(days=19 - 2 * part)
        # Units are those of the project: each experiment is met by its own.
        by = f"{name}-{part}"
        pass_by(experiment, rates, units=units // PARTS, name=by, at=at, guardrails=guarded, seed=part)
    fold(project_id=experiment.project_id)
    for look in range(looks, 0, -1):
        experiment = Experiment.objects.select_related("primary_metric").get(pk=experiment.pk)
        analysis = analyse(experiment, now - timedelta(days=look))
        keep_snapshot(analysis=analysis, results=describe_analysis(analysis))
    return watch(experiment)


def make_stage(person: Person, other: Person) -> dict[str, Experiment]:
    """One of each. `person` started them; `other` is the second one."""
    stage = {
        "draft": make_draft(person, "Draft caption"),
        "early": make_running(person, "Early caption", units=60),
        "running": make_running(person, "Open caption", (0.3, 0.31, 0.29)),
        "verdict": make_running(person, "Better caption", BETTER),
        "approval": make_running(person, "Approval caption", BETTER, mode="approval"),
        "paused": make_running(person, "Paused caption"),
        "shipped": make_running(person, "Shipped caption", BETTER, holdback=500),
        "rolled_back": make_running(person, "Rolled caption", WORSE, harm=300.0),
        "unsound": make_running(person, "Unsound caption"),
        "withdrawn": make_running(person, "Three captions", (0.3, 0.32, 0.31)),
    }
    pause_experiment(access=other.access, experiment=stage["paused"], reason="The shop is closed.")
    promote_experiment(access=other.access, experiment=stage["shipped"], reason="It is better.")
    roll_back_experiment(access=person.access, experiment=stage["rolled_back"], reason="It is slower, too.")
    withdraw_arm(access=person.access, experiment=stage["withdrawn"], arm=2, reason="Its text was wrong.")
    lost = Exposure.objects.filter(experiment=stage["unsound"], arm=1).order_by("unit")[:400]
    Exposure.objects.filter(experiment=stage["unsound"], unit__in=list(lost.values_list("unit", flat=True))).delete()
    watch(stage["unsound"])
    return {name: Experiment.objects.get(pk=experiment.pk) for name, experiment in stage.items()}


def metric_of(person: Person, slug: str) -> Metric:
    return Metric.objects.get(project=person.project, slug=slug)


def page_of(experiment: Experiment) -> str:
    return reverse("admin:experiments_experiment_change", args=[experiment.pk])


def action_of(experiment: Experiment, name: str) -> str:
    return reverse(f"admin:experiments_experiment_{name}", args=[experiment.pk])
