"""The planner: what an effect needs, what so many units find, and how long it takes."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from experiments.models import Experiment, Exposure, Metric, Outcome
from experiments.stats.power import Baseline, plan_units
from tests.api.calls import call
from tests.api.trials import METRICS, make_subject, start
from tests.conftest import Person


def plan(person: Person, **asked: Any) -> dict[str, Any]:
    answer = call(person, "POST", "/api/v1/power", {"metric": "click_through"} | asked)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json
    return told


def test_it_says_what_an_effect_needs(vic: Person) -> None:
    told = plan(vic, smallest_effect=0.1, baseline={"mean": 0.04}, units_per_day=1000)
    expected = plan_units(Baseline("conversion", 0.04), lift=0.1, shares=[1, 1])
    assert (told["units"], told["by_arm"]) == (expected.units, list(expected.by_arm))
    assert told["single_look_units"] == expected.single_look_units < told["units"]
    assert told["days"] == pytest.approx(told["units"] / 1000 + 7)
    assert (told["known_from"], told["baseline"]) == ("caller", {"mean": 0.04, "deviation": None})


def test_it_says_what_units_find(vic: Person) -> None:
    needed = plan(vic, smallest_effect=0.1, baseline={"mean": 0.04})
    found = plan(vic, units=needed["units"], baseline={"mean": 0.04})
    assert found["smallest_effect"] == pytest.approx(0.1, rel=1e-3)
    assert (found["units"], found["single_look_units"], found["days"]) == (needed["units"], None, None)
    assert sum(found["by_arm"]) >= found["units"]


def test_so_few_units_find_nothing(vic: Person) -> None:
    assert plan(vic, units=10, baseline={"mean": 0.04})["smallest_effect"] is None


def test_an_effect_is_in_the_direction_of_better(mia: Person) -> None:
    """Where less is better, the effect is a fall: of a conversion that needs fewer units than a rise."""
    body = {"slug": "left", "name": "Left", "kind": "conversion", "direction": "down"}
    assert call(mia, "POST", METRICS, body).status == 201
    asked = {"metric": "left", "baseline": {"mean": 0.4}}
    told = plan(mia, **asked, smallest_effect=0.1)
    baseline = Baseline("conversion", 0.4)
    assert told["units"] == plan_units(baseline, lift=-0.1, shares=[1, 1]).units
    assert told["units"] != plan_units(baseline, lift=0.1, shares=[1, 1]).units
    assert plan(mia, **asked, units=told["units"])["smallest_effect"] == pytest.approx(0.1, rel=1e-3)


def test_a_ratio_is_planned_with_its_deviation(vic: Person) -> None:
    asked = {"metric": "response_time_ms", "baseline": {"mean": 800, "deviation": 400}}
    told = plan(vic, **asked, smallest_effect=0.05)
    assert told["units"] == plan_units(Baseline("ratio", 800, 400), lift=-0.05, shares=[1, 1]).units
    assert told["baseline"] == asked["baseline"]


def test_more_arms_and_unequal_shares_need_more(vic: Person) -> None:
    asked = {"smallest_effect": 0.1, "baseline": {"mean": 0.04}}
    two = plan(vic, **asked)
    assert plan(vic, **asked, shares=[5000, 2500, 2500])["units"] > two["units"]
    assert plan(vic, **asked, shares=[9000, 1000])["units"] > two["units"]
    assert plan(vic, **asked, significance=0.01)["units"] > two["units"]
    assert plan(vic, **asked, power=0.95)["units"] > two["units"]


def test_it_plans_with_what_the_project_knows(vic: Person) -> None:
    metric = Metric.objects.get(project=vic.project, slug="click_through")
    now = timezone.now()
    Outcome.objects.bulk_create(
        Outcome(project=vic.project, unit=unit, metric=metric, value=unit % 10 == 0, at=now, outcome_id=_id(unit))
        for unit in range(1000)
    )
    told = plan(vic, smallest_effect=0.1)
    assert (told["known_from"], told["baseline"]["mean"]) == ("project", pytest.approx(0.1))
    assert told["units"] == plan(vic, smallest_effect=0.1, baseline={"mean": 0.1})["units"]


def _id(number: int) -> Any:
    return f"00000000-0000-0000-0000-{number:012}"


def test_it_counts_days_at_the_prompts_traffic(mia: Person) -> None:
    prompt = make_subject(mia)
    asked = {"smallest_effect": 0.1, "baseline": {"mean": 0.04}, "prompt": str(prompt.pk)}
    assert plan(mia, **asked)["units_per_day"] is None
    start(mia, prompt, ramp=[{"coverage": 2000, "minutes": 0, "units": 0}])
    now = timezone.now()
    Experiment.objects.update(ramp_step_at=now - timedelta(days=2))
    experiment = Experiment.objects.get()
    for unit in range(40):
        exposed = now - timedelta(hours=unit)
        Exposure.objects.create(project=mia.project, experiment=experiment, unit=unit, arm=0, exposed_at=exposed)
    # Forty in two days were a fifth of all.
    told = plan(mia, **asked)
    assert told["units_per_day"] == pytest.approx(100, rel=0.01)
    assert told["days"] == pytest.approx(told["units"] / told["units_per_day"] + 7)
    assert plan(mia, **asked, units_per_day=500)["units_per_day"] == 500
