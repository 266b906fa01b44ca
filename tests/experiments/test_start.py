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


def test_a_start_says_everything_that_is_wrong_with_the_draft(mia: Person) -> None:
    prompt = make_prompt(mia, content="Hello")
    other = make_prompt(mia, content="Hello", name="other", category="letter").versions.get()
    control = prompt.versions.get()
    experiment = draft(mia, prompt, arms=[Side(control, 10_000)])
    experiment.ramp = [{"coverage": 500, "minutes": 1, "units": 1}, {"coverage": 400, "minutes": 1, "units": 1}]
    experiment.save()
    with pytest.raises(AssayError) as caught:
        start(mia, experiment)
    found = {(error.pointer, error.code) for error in caught.value.errors}
    assert found == {("/arms", "no_treatment"), ("/ramp/1/coverage", "invalid_ramp")}
    for arms, code in (
        ([Side(control, 5000), Side(other, 5000)], "version_of_another_prompt"),
        ([Side(control, 5000)] * 2, "arm_twice"),
        ([Side(control, 5000)], "shares_do_not_sum"),
        ([Side(control, 0)], "invalid_share"),
    ):
        with pytest.raises(AssayError) as caught:
            draft(mia, prompt, arms=arms)
        assert code in {error.code for error in caught.value.errors}


def test_the_control_is_what_is_in_production_at_the_start(mia: Person) -> None:
    experiment = draft(mia)
    treatment = experiment.arms.get(number=1).version
    move_label(access=mia.access, prompt=experiment.prompt, label="production", version=treatment)
    with pytest.raises(AssayError, match="control_not_in_production"):
        start(mia, experiment)


@pytest.mark.parametrize(
    ("one", "other", "taken"),
    [
        ({}, {}, True),
        ({}, {"platform": "linkedin"}, True),
        ({"agent_code": "nova"}, {}, True),
        ({"agent_code": "nova"}, {"agent_code": "lumen"}, False),
        ({"agent_code": "nova", "platform": "x"}, {"agent_code": "nova", "platform": "y"}, True),
        ({}, {"vertical": "generic"}, False),
        ({}, {"category": "letter"}, False),
        ({}, {"language": "fr"}, False),
    ],
)
def test_two_that_could_serve_the_same_context_are_refused(
    mia: Person, one: dict[str, str], other: dict[str, str], taken: bool
) -> None:
    start(mia, draft(mia, make_prompt(mia, content="Hello", **one)))
    second = draft(mia, make_prompt(mia, content="Hello", name="second", **other))
    if not taken:
        assert start(mia, second).status == "running"
        return
    with pytest.raises(AssayError, match="context_taken") as caught:
        start(mia, second)
    assert caught.value.status == 409
    # A paused one holds its context, too; a concluded one no more.
    first = Experiment.objects.get(status="running")
    pause_experiment(access=mia.access, experiment=first)
    with pytest.raises(AssayError, match="context_taken"):
        start(mia, second)
    conclude_experiment(access=mia.access, experiment=first)
    assert start(mia, second).status == "running"


def test_what_was_started_is_not_started_again_and_a_concluded_one_stays_so(mia: Person) -> None:
    experiment = start(mia, draft(mia))
    for verb in (start_experiment, resume_experiment):
        with pytest.raises(AssayError, match="wrong_status"):
            verb(access=mia.access, experiment=experiment)
    with pytest.raises(AssayError, match="wrong_status"):
        draft_experiment(access=mia.access, experiment=experiment, fields={"name": "other"})
    conclude_experiment(access=mia.access, experiment=experiment)
    for verb in (start_experiment, resume_experiment, pause_experiment, conclude_experiment):
        with pytest.raises(AssayError, match="wrong_status"):
            verb(access=mia.access, experiment=experiment)


def test_the_units_needed_are_worked_out_from_the_baseline_and_fixed(mia: Person) -> None:
    experiment = draft(mia, fields={"smallest_effect": 0.1})
    with pytest.raises(AssayError, match="baseline_unknown"):
        start(mia, experiment, planned_units=None)
    for wrong in (Known(0.0), Known(1.5), Known(float("nan"))):
        with pytest.raises(AssayError, match="invalid_baseline"):
            start(mia, experiment, planned_units=None, baseline=wrong)
    with pytest.raises(AssayError, match="effect_impossible"):
        start(mia, experiment, planned_units=None, baseline=Known(0.95))
    started = start(mia, experiment, planned_units=None, baseline=Known(0.05))
    assert 60_000 < (started.planned_units or 0) < 130_000
    with pytest.raises(IntegrityError), transaction.atomic():
        Experiment.objects.update(planned_units=5)


def test_strangers_and_viewers_start_nothing(mia: Person, vic: Person, stranger: Person) -> None:
    experiment = draft(mia)
    with pytest.raises(AssayError, match="permission_denied"):
        start(vic, experiment)
    with pytest.raises(AssayError, match="not_found"):
        start(stranger, experiment)
    with pytest.raises(AssayError, match="not_found"):
        draft(stranger, make_prompt(stranger, content="Hello"), guardrails=[Guard(metric_of(mia, "error_rate"))])


def test_auto_on_a_protected_label_is_started_by_an_admin_only(mia: Person, adam: Person) -> None:
    settings = VaultSettings.objects.of(mia.project.pk)
    experiment = draft(mia, fields={"mode": "auto"})
    settings.protected_labels = ["production"]
    settings.save()
    with pytest.raises(AssayError, match="label_protected"):
        start(mia, experiment)
    assert start(adam, experiment).status == "running"


def test_it_holds_production_and_context_of_its_prompt(mia: Person) -> None:
    experiment = start(mia, draft(mia))
    prompt, treatment = experiment.prompt, experiment.arms.get(number=1).version
    with pytest.raises(AssayError, match="held_by_experiment") as caught:
        move_label(access=mia.access, prompt=prompt, label="production", version=treatment)
    assert caught.value.extra["experiment"] == {"id": str(experiment.pk), "name": "Greetings"}
    with pytest.raises(AssayError, match="held_by_experiment"):
        add_version(access=mia.access, prompt=prompt, content="Hi", publish=True)
    for change in ({"is_active": False}, {"category": "letter"}, {"platform": "x"}):
        changed = Prompt.objects.get(pk=prompt.pk)
        for name, value in change.items():
            setattr(changed, name, value)
        with pytest.raises(AssayError, match="held_by_experiment"):
            save_prompt(changed)
    # What changes nothing of that is free, other labels among it.
    free = Prompt.objects.get(pk=prompt.pk)
    free.technique = "another"
    save_prompt(free)
    move_label(access=mia.access, prompt=prompt, label="staging", version=treatment)
    conclude_experiment(access=mia.access, experiment=experiment)
    assert move_label(access=mia.access, prompt=prompt, label="production", version=treatment) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault_label SET version_id = (SELECT version_id FROM experiments_arm WHERE number = 1)",
        "DELETE FROM vault_label",
        "UPDATE vault_label SET name = 'other'",
        "UPDATE vault_prompt SET is_active = false",
        "UPDATE vault_prompt SET category = 'other'",
        "DELETE FROM vault_prompt",
    ],
)
def test_it_holds_them_against_raw_sql_too(mia: Person, statement: str) -> None:
    start(mia, draft(mia))
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement)
