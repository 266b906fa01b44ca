"""What may start, what a start fixes, and what it holds from then on."""

from typing import Any

import pytest
from assay.core.errors import AssayError
from django.db import IntegrityError, connection, transaction

from experiments.conclude_experiment import conclude_experiment
from experiments.draft_experiment import Guard, Side, draft_experiment
from experiments.models import Experiment, Metric
from experiments.pause_experiment import pause_experiment
from experiments.plan_experiment import Known
from experiments.resume_experiment import resume_experiment
from experiments.start_experiment import start_experiment
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt
from vault.add_version import add_version
from vault.models import Prompt, VaultSettings
from vault.move_label import move_label
from vault.save_prompt import save_prompt


def metric_of(person: Person, slug: str = "click_through") -> Metric:
    return Metric.objects.get(project=person.project, slug=slug)


def draft(
    person: Person, prompt: Prompt | None = None, shares: tuple[int, ...] = (5000, 5000), **more: Any
) -> Experiment:
    """A draft with the version in production as its control, and as many treatments as there are shares for."""
    prompt = prompt or make_prompt(person, content="Hello")
    versions = [prompt.labels.get(name="production").version]
    versions += [
        add_version(access=person.access, prompt=prompt, content=f"Hello {number}") for number in range(1, len(shares))
    ]
    fields = {"name": "Greetings", "prompt": prompt, "primary_metric": metric_of(person)} | more.pop("fields", {})
    sides = [Side(version, share) for version, share in zip(versions, shares, strict=True)]
    return draft_experiment(access=person.access, fields=fields, **({"arms": sides} | more))


def start(person: Person, experiment: Experiment, **more: Any) -> Experiment:
    return start_experiment(access=person.access, experiment=experiment, **({"planned_units": 1000} | more))


def test_it_starts_pauses_resumes_and_ends(mia: Person) -> None:
    experiment = start(mia, draft(mia))
    assert (experiment.status, experiment.coverage, experiment.planned_units) == ("running", 500, 1000)
    assert len(experiment.salt) == 32
    pause_experiment(access=mia.access, experiment=experiment, reason="a holiday")
    resume_experiment(access=mia.access, experiment=experiment)
    ended = conclude_experiment(access=mia.access, experiment=experiment)
    assert ended.status == "concluded"
    told = list(ended.events.values_list("action", "actor", "reason"))
    assert told == [
        ("drafted", mia.user.pk, ""),
        ("started", mia.user.pk, ""),
        ("paused", mia.user.pk, "a holiday"),
        ("resumed", mia.user.pk, ""),
        ("concluded", mia.user.pk, ""),
    ]
