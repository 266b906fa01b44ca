"""What was seen of units: recorded once, counted whichever came first, and worked out from the rows."""

from typing import Any

import pytest
from assay.core.errors import AssayError
from django.db import IntegrityError, connection, transaction

from experiments.fold import fold
from experiments.models import Arm, Experiment, Exposure, Outcome, Pending, UnitTotal
from experiments.observed import Taken
from experiments.record_exposures import record_exposures
from experiments.record_outcomes import record_outcomes
from sentinel.revision import look
from tests.conftest import Person
from tests.experiments.cast import ago, exposure, make_experiment, outcome
from vault.report_engagement import report_engagement


def totals(experiment: Experiment) -> list[tuple[float, float, int, float]]:
    fold(project_id=experiment.project_id)
    rows = UnitTotal.objects.filter(experiment=experiment).order_by("unit")
    return [(row.value, row.weight, row.rows, row.value_before) for row in rows]


def expose(experiment: Experiment, *items: dict[str, Any]) -> list[Any]:
    return record_exposures(project_id=experiment.project_id, items=list(items))


def measure(experiment: Experiment, *items: dict[str, Any]) -> list[Any]:
    return record_outcomes(project_id=experiment.project_id, items=list(items))


def test_an_outcome_counts_whichever_comes_first(mia: Person) -> None:
    experiment = make_experiment(mia)
    first, then = exposure(experiment, "ann", at=ago(days=2)), outcome("ann", at=ago(days=1))
    assert expose(experiment, first) == [Taken(counted=True)]
    assert measure(experiment, then) == [Taken(counted=True)]
    assert totals(experiment) == [(1.0, 1.0, 1, 0.0)]

    assert measure(experiment, outcome("ben", at=ago(days=1))) == [Taken(counted=False)]
    assert totals(experiment) == [(1.0, 1.0, 1, 0.0)]
    expose(experiment, exposure(experiment, "ben", at=ago(days=2)))
    assert sorted(totals(experiment)) == [(1.0, 1.0, 1, 0.0)] * 2


def test_what_was_before_the_exposure_is_history_and_what_is_after_the_window_is_nothing(mia: Person) -> None:
    experiment = make_experiment(mia)
    expose(experiment, exposure(experiment, "ann", at=ago(days=10)))
    answers = measure(
        experiment,
        outcome("ann", at=ago(days=11)),
        outcome("ann", at=ago(days=9)),
        outcome("ann", at=ago(days=2)),
        outcome("ann", at=ago(days=18)),
    )
    assert [answer.counted for answer in answers] == [False, True, False, False]
    assert totals(experiment) == [(1.0, 1.0, 1, 1.0)]


def test_the_same_outcome_counts_once(mia: Person) -> None:
    experiment = make_experiment(mia)
    expose(experiment, exposure(experiment, "ann", at=ago(days=2)))
    one = outcome("ann", at=ago(days=1))
    answers = measure(experiment, one, one) + measure(experiment, one)
    assert [answer.duplicate for answer in answers] == [False, True, True]
    assert totals(experiment) == [(1.0, 1.0, 1, 0.0)]


def test_the_earliest_exposure_counts_and_a_second_arm_is_seen(mia: Person) -> None:
    experiment = make_experiment(mia)
    expose(experiment, exposure(experiment, "ann", arm=0, at=ago(days=1)))
    measure(experiment, outcome("ann", at=ago(days=2)))
    assert totals(experiment) == [(0.0, 0.0, 0, 1.0)]
    expose(experiment, exposure(experiment, "ann", arm=1, at=ago(days=3)))
    (met,) = Exposure.objects.filter(experiment=experiment)
    assert (met.arm, met.in_other_arm) == (1, True)
    assert totals(experiment) == [(1.0, 1.0, 1, 0.0)]


def test_an_exposure_says_what_is_known_already(mia: Person) -> None:
    experiment = make_experiment(mia)
    first = exposure(experiment, "ann", arm=0, at=ago(days=1))
    other = exposure(experiment, "ann", arm=1, at=ago(hours=1))
    assert expose(experiment, first, first) == [Taken(counted=True), Taken(counted=True, duplicate=True)]
    assert expose(experiment, first) == [Taken(counted=True, duplicate=True)]
    assert expose(experiment, other) == [Taken(counted=False)]


def test_a_unit_without_outcomes_counts_with_nothing(mia: Person) -> None:
    experiment = make_experiment(mia)
    expose(experiment, *(exposure(experiment, f"unit-{number}", number % 2) for number in range(5)))
    assert totals(experiment) == [(0.0, 0.0, 0, 0.0)] * 5


def test_folding_twice_changes_nothing(mia: Person) -> None:
    experiment = make_experiment(mia)
    expose(experiment, exposure(experiment, "ann", at=ago(days=2)))
    measure(experiment, outcome("ann", at=ago(days=1)))
    once = totals(experiment)
    assert Pending.objects.count() == 0
    connection.cursor().execute(
        "INSERT INTO experiments_pending (project_id, unit) SELECT project_id, unit FROM experiments_exposure"
    )
    assert totals(experiment) == once


def test_an_engagement_report_that_names_its_unit_is_an_outcome_without_a_second_call(mia: Person) -> None:
    experiment = make_experiment(mia, metric="engagement")
    version = experiment.prompt.versions.first()
    expose(experiment, exposure(experiment, "ann", at=ago(days=1)))
    report = {"likes": 3, "impressions": 40, "version": str(version), "unit": "ann"}
    nameless = {"likes": 9, "impressions": 10}
    answers = report_engagement(project_id=mia.project.pk, items=[report, nameless], prompt_id=experiment.prompt_id)
    assert not any(isinstance(answer, AssayError) for answer in answers)
    assert totals(experiment) == [(3.0, 40.0, 1, 0.0)]
    assert Outcome.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"metric": "no_such"}, "unknown_metric", "/metric"),
        ({"value": 0.5}, "invalid_value", "/value"),
        ({"weight": -1.0, "metric": "engagement"}, "invalid_weight", "/weight"),
        ({"weight": 2.0}, "invalid_weight", "/weight"),
        ({"unit": ""}, "invalid_unit", "/unit"),
        ({"unit": None}, "required", "/unit"),
        ({"at": ago(days=-300)}, "time_in_future", "/at"),
        ({"at": "2026-01-01T00:00:00"}, "invalid_time", "/at"),
        ({"value": "x"}, "invalid", "/value"),
        ({"colour": "red"}, "invalid", "/colour"),
    ],
)
def test_a_bad_outcome_never_costs_the_good_ones(mia: Person, change: dict[str, Any], code: str, pointer: str) -> None:
    experiment = make_experiment(mia)
    bad, good = measure(experiment, outcome("ann") | change, outcome("ben"))
    assert (bad.code, bad.errors[0].pointer) == (code, pointer)
    assert good == Taken(counted=False)
    assert Outcome.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"arm": 7}, "unknown_arm"),
        ({"arm": None}, "required"),
        ({"at": ago(days=300)}, "before_start"),
        ({"at": ago(days=-300)}, "time_in_future"),
        ({"experiment_id": "0198c5a0-0000-7000-8000-000000000001"}, "not_found"),
        ({"resolution_id": "x"}, "invalid_resolution_id"),
    ],
)
def test_a_bad_exposure_never_costs_the_good_ones(mia: Person, change: dict[str, Any], code: str) -> None:
    experiment = make_experiment(mia)
    bad, good = expose(experiment, exposure(experiment, "ann") | change, exposure(experiment, "ben"))
    assert bad.code == code
    assert good == Taken(counted=True)
    assert Exposure.objects.count() == 1


def test_a_stranger_exposes_nobody(mia: Person, stranger: Person) -> None:
    experiment = make_experiment(mia)
    (answer,) = record_exposures(project_id=stranger.project.pk, items=[exposure(experiment, "ann")])
    assert (answer.code, answer.status) == ("not_found", 404)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE experiments_arm SET share = 4999",
        "DELETE FROM experiments_arm",
        "UPDATE experiments_experiment SET coverage = 10",
        "UPDATE experiments_experiment SET salt = 'other'",
        "UPDATE experiments_experiment SET status = 'draft'",
    ],
)
def test_a_started_experiment_stays_what_it_is_by_raw_sql_too(mia: Person, statement: str) -> None:
    make_experiment(mia)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement)


def test_what_is_served_moves_the_revision_and_what_is_learned_does_not(mia: Person) -> None:
    experiment = make_experiment(mia, coverage=500)
    before = look(mia.project.pk).content
    Experiment.objects.update(intersections={"x": 1})
    assert look(mia.project.pk).content == before
    Experiment.objects.update(coverage=2000)
    Arm.objects.filter(experiment=experiment, number=1).update(withdrawn_at=ago(days=0))
    assert look(mia.project.pk).content == before + 2
