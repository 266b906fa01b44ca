"""What an application gets while an experiment goes on: it changes nothing, and each unit stays in its arm."""

from datetime import timedelta
from typing import Any

import msgspec
from assay.core import resolve as core
from assay.core import token
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from experiments.bundle import serve
from experiments.models import Arm, Experiment, Exposure
from experiments.observed import number_of
from tests.conftest import Person
from tests.experiments.cast import make_experiment, post


def resolve(person: Person, unit: str | None = None, **asked: Any) -> dict[str, Any]:
    context = {"category": "email", "vertical": "food", "variables": {"name": "Ann"}} | asked
    return post(person, "/api/v1/resolve", **context, **({"unit": unit} if unit else {}))


def test_a_unit_meets_its_arm_and_is_written_down_before_the_answer(mia: Person) -> None:
    experiment = make_experiment(mia)
    for number in range(20):
        answer = resolve(mia, f"unit-{number}")
        arm = answer["experiment"]["arm"]
        assert answer["text"] == f"{'treatment' if arm else 'control'} Ann"
        named = token.read(answer["resolution_id"])
        assert named.unit_hash is not None
        met = Exposure.objects.get(experiment=experiment, unit=number_of(named.unit_hash))
        assert met.arm == arm
    assert set(Exposure.objects.values_list("arm", flat=True)) == {0, 1}


def test_a_unit_that_was_met_stays_in_its_arm_and_writes_nothing(
    mia: Person, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_experiment(mia)
    first = resolve(mia, "ann")
    settings.REVISION_LOOK_SECONDS = 3600
    resolve(mia, "ann")
    with django_assert_num_queries(0):
        again = resolve(mia, "ann")
    assert again["experiment"] == first["experiment"]
    assert Exposure.objects.count() == 1


def test_nobody_is_exposed_without_a_unit_or_outside_the_coverage(mia: Person) -> None:
    make_experiment(mia, coverage=0)
    assert resolve(mia)["experiment"] is None
    assert resolve(mia, "ann")["experiment"] is None
    assert Exposure.objects.count() == 0


def test_paused_known_units_keep_their_arm_and_nobody_is_exposed_anew(mia: Person) -> None:
    experiment = make_experiment(mia)
    known = resolve(mia, "ann")
    Experiment.objects.filter(pk=experiment.pk).update(status="paused")
    assert resolve(mia, "ann")["experiment"] == known["experiment"]
    for number in range(10):
        answer = resolve(mia, f"unit-{number}")
        assert (answer["experiment"], answer["text"]) == (None, "control Ann")
    assert Exposure.objects.count() == 1


def test_once_its_time_is_up_nobody_is_exposed_anew(mia: Person) -> None:
    experiment = make_experiment(mia)
    Experiment.objects.filter(pk=experiment.pk).update(exposure_ended_at=timezone.now() - timedelta(hours=1))
    assert resolve(mia, "ann")["experiment"] is None


def test_a_withdrawn_arm_gives_its_units_production(mia: Person) -> None:
    make_experiment(mia)
    arms = {number: resolve(mia, f"unit-{number}")["experiment"]["arm"] for number in range(10)}
    Arm.objects.filter(number=1).update(withdrawn_at=timezone.now())
    for number, arm in arms.items():
        answer = resolve(mia, f"unit-{number}")
        assert answer["text"] == "control Ann"
        assert (answer["experiment"] is None) == (arm == 1)


def test_concluded_it_is_served_no_more(mia: Person) -> None:
    experiment = make_experiment(mia)
    Experiment.objects.filter(pk=experiment.pk).update(status="concluded", coverage=0)
    assert resolve(mia, "ann")["experiment"] is None


def test_an_application_decides_alike_from_its_own_bundle(mia: Person) -> None:
    make_experiment(mia)
    bundle = serve(mia.project.pk).bundle
    for number in range(20):
        there = resolve(mia, f"unit-{number}")
        request = core.Request(category="email", vertical="food", unit=f"unit-{number}", variables={"name": "Ann"})
        here = msgspec.to_builtins(core.resolve(bundle, request))
        assert here["experiment"] == there["experiment"]
        assert here["text"] == there["text"]
