"""Experiments to observe, made by hand."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
from django.utils import timezone

from experiments.draw_salt import draw_salt
from experiments.models import Arm, Experiment, Metric
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt
from vault.add_version import add_version


def make_experiment(person: Person, *, metric: str = "click_through", **fields: Any) -> Experiment:
    """An experiment of two arms, half and half, that has been running for twenty days."""
    prompt = make_prompt(person, content="control {{ name }}")
    control = prompt.versions.get()
    treatment = add_version(access=person.access, prompt=prompt, content="treatment {{ name }}")
    experiment = Experiment.objects.create(
        project=person.project,
        name="Greetings",
        prompt=prompt,
        salt=draw_salt(),
        primary_metric=Metric.objects.get(project=person.project, slug=metric),
    )
    for number, version in enumerate((control, treatment)):
        Arm.objects.create(project=person.project, experiment=experiment, number=number, version=version, share=5000)
    fields = {"status": "running", "coverage": 10_000, "planned_units": 1000} | fields
    for name, value in ({"started_at": timezone.now() - timedelta(days=20)} | fields).items():
        setattr(experiment, name, value)
    experiment.save()
    return experiment


def post(person: Person, path: str, **body: Any) -> dict[str, Any]:
    response = person.http().post(path, msgspec.json.encode(body), content_type="application/json")
    return {"http": response.status_code} | response.json()


def outcome(unit: str, value: float = 1.0, *, metric: str = "click_through", **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "metric": metric, "unit": unit, "value": value} | fields


def exposure(experiment: Experiment, unit: str, arm: int = 0, **fields: Any) -> dict[str, Any]:
    return {"experiment_id": str(experiment.pk), "unit": unit, "arm": arm} | fields


def ago(**span: float) -> str:
    return (timezone.now() - timedelta(**span)).isoformat()
