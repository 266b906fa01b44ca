"""This file lets you time what was promised of experiments: taking observations, serving an arm, reading a verdict."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.observing import rows_of_outcomes, rows_of_resolving
from bench.row import Row, within
from bench.web import serving
from experiments.analyse import analyse
from experiments.describe_analysis import describe_analysis
from experiments.draft_experiment import Guard, Side, draft_experiment
from experiments.fold import fold
from experiments.keep_snapshot import keep_snapshot
from experiments.models import Experiment, Exposure, Metric, UnitTotal
from experiments.start_experiment import start_experiment
from sentinel.access import Access, access_of_installation
from sentinel.create_key import create_key
from sentinel.models import Project
from vault.add_version import add_version
from vault.create_prompt import create_prompt

UNITS = 20_000
SIZES = (250_000, 1_000_000)
LIMIT = 2.0
SHARES = (3334, 3333, 3333)

EXPOSURES = """
    INSERT INTO experiments_exposure (project_id, experiment_id, unit, arm, exposed_at, in_other_arm)
    SELECT %(project)s, %(experiment)s, unit, unit %% 3, now() - interval '20 days' + unit * interval '1 second', false
    FROM generate_series(%(first)s, %(last)s) AS unit
"""
# Of a unit, what a fold would have made of its rows: a click of one in ten, three uses of it, what they took.
TOTALS = """
    INSERT INTO experiments_unittotal (experiment_id, metric_id, unit, arm, exposed_at, value, weight, rows, late_rows,
                                       value_before, weight_before, rows_before)
    SELECT %(experiment)s, %(metric)s, unit, unit %% 3, now() - interval '20 days' + unit * interval '1 second',
           CASE WHEN %(uses)s = 1 THEN (random() < 0.1)::int ELSE 300 * exp(random()) END, %(uses)s, %(uses)s, 0,
           0, 0, 0
    FROM generate_series(%(first)s, %(last)s) AS unit
"""
METRICS = {"click_through": 1, "response_time_ms": 3, "cost_usd": 3, "user_satisfaction": 3}


def rows() -> Iterator[Row]:
    """All of it. Takes about two minutes."""
    call_command("migrate", verbosity=0)
    User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    project = Project.objects.create(slug="experiments", name="experiments")
    access = access_of_installation(project)
    Metric.objects.filter(project=project).update(window=timedelta(0))
    tried = _started(access, "tried")
    create_prompt(access=access, context={"name": "plain", "category": "plain"}, content="Version 1")
    maker = User.objects.get(username="bench")
    permissions = ["prompts.read", "experiments.read", "experiments.write"]
    _, key = create_key(project=project, made_by=maker, permissions=permissions, name="bench")
    with serving("config.settings") as web:
        arms = [random.Random(unit).randrange(3) for unit in range(UNITS)]
        yield from rows_of_outcomes(web, key, str(tried.pk), arms)
        yield _folded(project)
        yield from rows_of_resolving(web, key, "tried", "plain")
    yield from _analysed(access)


def _started(access: Access, name: str, *, capped: bool = False) -> Experiment:
    """An experiment of three arms and four metrics."""
    prompt = create_prompt(access=access, context={"name": name, "category": name}, content="Version 1")
    versions = [prompt.versions.get()]
    versions += [add_version(access=access, prompt=prompt, content=f"Version {number}") for number in (2, 3)]
    metrics = {metric.slug: metric for metric in Metric.objects.in_project(access.project_id)}
    if capped:
        Metric.objects.filter(pk=metrics["response_time_ms"].pk).update(cap_percentile=0.99)
    draft = draft_experiment(
        access=access,
        fields={"name": name, "prompt": prompt, "primary_metric": metrics["click_through"], "ramp": []},
        arms=[Side(version, share) for version, share in zip(versions, SHARES, strict=True)],
        guardrails=[Guard(metrics["response_time_ms"], 0.1)],
        secondary_metrics=[metrics["cost_usd"], metrics["user_satisfaction"]],
    )
    return start_experiment(access=access, experiment=draft, planned_units=100_000)


def _folded(project: Project) -> Row:
    start = time.perf_counter()
    fold(project_id=project.pk)
    seconds = time.perf_counter() - start
    return Row(f"working out the totals of {UNITS:,} units, four metrics", "", f"{seconds:.2f} s")


def _analysed(access: Access) -> Iterator[Row]:
    """Twice at each size: the first look finds and freezes the cap."""
    experiment = _started(access, "large", capped=True)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=timezone.now() - timedelta(days=21))
    size, taken = 0, {}
    for following in SIZES:
        _fill(experiment, size, following)
        size = following
        if not taken:
            yield Row(f"first look at {size:,} units, caps found and frozen", "", f"{_look(experiment):.2f} s")
        taken[size] = min(_look(experiment) for _ in range(3))
    what = f"a look at {size:,} units, three arms, four metrics"
    yield Row(what, f"≤ {LIMIT:g} s", f"{taken[size]:.2f} s", within(LIMIT, taken[size]))
    growth = (taken[size] / taken[SIZES[0]]) / (size / SIZES[0])
    yield Row(f"  at {SIZES[0]:,} units", "", f"{taken[SIZES[0]]:.2f} s")
    yield Row("  growth of its time beside that of the units", "≤ 1", f"{growth:.2f}", within(1, growth))


def _fill(experiment: Experiment, first: int, last: int) -> None:
    known = {"project": experiment.project_id, "experiment": experiment.pk, "first": first + 1, "last": last}
    metrics = Metric.objects.in_project(experiment.project_id)
    with connection.cursor() as cursor:
        cursor.execute(EXPOSURES, known)
        for slug, uses in METRICS.items():
            cursor.execute(TOTALS, known | {"metric": metrics.get(slug=slug).pk, "uses": uses})
        cursor.execute("DELETE FROM experiments_pending")
        for model in (Exposure, UnitTotal):
            cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")


def _look(experiment: Experiment) -> float:
    """Seconds that the worker takes: analyse, describe, keep."""
    experiment = Experiment.objects.select_related("primary_metric", "prompt").get(pk=experiment.pk)
    start = time.perf_counter()
    analysis = analyse(experiment, timezone.now())
    keep_snapshot(analysis=analysis, results=describe_analysis(analysis))
    return time.perf_counter() - start
