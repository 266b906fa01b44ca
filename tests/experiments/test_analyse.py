"""What an experiment's units add up to: capped alike, closed alike, with their history, whatever arrived when."""

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from config.ids import uuid7
from experiments.analyse import GRACE, NO_CAP, analyse
from experiments.draft_experiment import Guard
from experiments.fold import fold
from experiments.models import Experiment, Metric, UnitTotal
from experiments.read_totals import percentile_of, read_totals
from experiments.record_exposures import Met, expose
from experiments.record_outcomes import Measured, measure
from experiments.results import results
from experiments.stats.estimate import estimate_arms
from experiments.stats.totals import History, Totals
from tests.conftest import Person
from tests.experiments.test_start import draft, metric_of, start
from tests.experiments.traffic import in_the_past, pass_by, record, watch

NOW = timezone.now()


def experiment_on(person: Person, slug: str, **more: Any) -> Experiment:
    fields = {"ramp": [], "primary_metric": metric_of(person, slug)}
    return in_the_past(start(person, draft(person, fields=fields, **more)))


def rows(experiment: Experiment, metric: Metric, count: int, *, seed: int = 3) -> list[UnitTotal]:
    """Units as a fold leaves them: half with a history, some that brought nothing, a few large ones."""
    chance = random.Random(seed)
    made = []
    for unit in range(count):
        before, brought = chance.random() < 0.5, chance.random() < 0.8
        made.append(
            UnitTotal(
                experiment=experiment,
                metric=metric,
                unit=unit,
                arm=unit % 2,
                exposed_at=NOW - timedelta(days=chance.choice((1, 9, 12))),
                value=chance.lognormvariate(0, 1.5) if brought else 0.0,
                weight=float(chance.randint(1, 9)) if brought else 0.0,
                rows=3 if brought else 0,
                late_rows=chance.randint(0, 1) if brought else 0,
                value_before=chance.lognormvariate(0, 1.5) if before else 0.0,
                weight_before=float(chance.randint(1, 9)) if before else 0.0,
                rows_before=2 if before else 0,
            )
        )
    return UnitTotal.objects.bulk_create(made)


def by_hand(units: list[UnitTotal], kind: str, cap: float) -> Totals:
    """The same, unit by unit."""
    y = np.array([min(unit.value, cap) for unit in units])
    x = np.array([unit.weight if kind == "ratio" else 1.0 for unit in units])
    known = np.array([unit.rows_before > 0 for unit in units], dtype=float)
    h = np.array([min(unit.value_before, cap) for unit in units]) * known
    g = np.array([unit.weight_before for unit in units]) if kind == "ratio" else known
    pairs = {"h": h, "g": g, "hh": h * h, "hg": h * g, "gg": g * g, "yh": y * h, "yg": y * g, "xh": x * h, "xg": x * g}
    history = History(**{name: float(values.sum()) for name, values in pairs.items()}, units=float(known.sum()))
    return Totals.of_units(y, x if kind == "ratio" else None, history)


@pytest.mark.parametrize(
    ("slug", "kind", "cap"),
    [
        ("engagement", "ratio", 2.5),
        ("engagement", "ratio", NO_CAP),
        ("click_through", "conversion", 1.0),
        ("spent", "mean", 1.7),
    ],
)
def test_one_pass_over_the_units_adds_up_to_the_same_as_unit_by_unit(
    mia: Person, slug: str, kind: str, cap: float
) -> None:
    Metric.objects.create(project=mia.project, slug="spent", name="Spent", kind="mean")
    experiment, metric = experiment_on(mia, slug), metric_of(mia, slug)
    units = rows(experiment, metric, 400)
    cut = NOW - timedelta(days=7)
    found = read_totals(
        experiment=experiment, metrics=[metric], arms=2, cuts={metric.pk: cut}, caps={metric.pk: cap}, end=NOW
    )[slug]
    for closed, arms in ((True, found.closed), (False, found.open)):
        for arm, totals in enumerate(arms):
            chosen = [unit for unit in units if unit.arm == arm and (unit.exposed_at <= cut) == closed]
            expected = by_hand(chosen, kind, cap)
            assert totals.units == len(chosen) > 30
            assert totals.rows == sum(unit.rows for unit in chosen)
            assert totals.late == sum(unit.late_rows for unit in chosen)
            for name in ("y", "x", "yy", "yx", "xx", "yyy", "yyx", "yxx", "xxx"):
                assert getattr(totals, name) == pytest.approx(getattr(expected, name), rel=1e-9), name
            for name in ("h", "g", "hh", "hg", "gg", "yh", "yg", "xh", "xg", "units"):
                assert getattr(totals.history, name) == pytest.approx(getattr(expected.history, name), rel=1e-9), name
            (mine,), (theirs,) = estimate_arms([totals], kind), estimate_arms([expected], kind)
            assert mine.variance == pytest.approx(theirs.variance, rel=1e-9)


def test_a_percentile_is_over_all_arms_and_stays_from_the_first_look_that_is_read(mia: Person) -> None:
    Metric.objects.filter(project=mia.project, slug="engagement").update(cap_percentile=0.9)
    experiment, metric = experiment_on(mia, "engagement"), metric_of(mia, "engagement")
    units = rows(experiment, metric, 150)
    cut = NOW - metric.waits - GRACE
    brought = [unit.value for unit in units if unit.rows and unit.exposed_at <= cut]
    found = percentile_of(experiment=experiment, metric=metric, share=0.9, cut=cut)
    assert found == pytest.approx(np.percentile(brought, 90))
    # Too early to be read: what it counts up to is not settled yet.
    assert watch(experiment).frozen_caps == {}
    UnitTotal.objects.all().delete()
    rows(experiment, metric, 2000)
    experiment = watch(experiment)
    frozen = experiment.frozen_caps["engagement"]
    assert results(experiment)["caps"]["engagement"] == {"at": frozen, "frozen": True}
    UnitTotal.objects.update(value=1000.0)
    experiment = watch(experiment)
    assert experiment.frozen_caps == {"engagement": frozen}
    assert results(experiment)["arms"][0]["counted"]["mean"] < frozen


def test_a_unit_enters_when_its_window_has_closed_and_until_then_decides_nothing(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through")
    pass_by(experiment, (0.5, 0.5), units=60)
    pass_by(experiment, (0.1, 0.9), units=500, name="new", at=timezone.now() - timedelta(days=6))
    fold(project_id=experiment.project_id)
    found = results(experiment)
    assert (found["units"]["counted"], found["units"]["open"]) == (60, 500)
    assert found["primary"]["comparisons"][0]["too_early"]
    control, treated = found["arms"]
    assert control["provisional"]["mean"] < 0.2
    assert treated["provisional"]["mean"] > 0.8
    assert 0.2 < control["counted"]["mean"] < 0.8
    assert analyse(experiment, timezone.now() + timedelta(days=2)).exposed.units == 560


def test_a_late_row_corrects_its_unit_and_too_many_hold_the_shipping(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through")
    pass_by(experiment, (0.2, 0.35), units=2000)
    assert watch(experiment).proposal["action"] == "ship"
    # One in fifty of what was measured is told after its window had closed.
    at = timezone.now() - timedelta(days=9)
    met = list(experiment.exposures.values_list("unit", "arm"))
    for unit, _ in met[:30]:
        measured = Measured(uuid7(), unit, experiment.primary_metric, 1.0, 1.0, at)
        record_late(experiment, measured)
    experiment = watch(experiment)
    found = results(experiment)
    assert max(arm["late_share"] for arm in found["arms"]) > 0.01
    assert (found["verdict"]["outcome"], found["verdict"]["reasons"][0]["code"]) == ("keep_running", "late_rows")
    assert experiment.proposal is None


def record_late(experiment: Experiment, measured: Measured) -> None:
    measure(project_id=experiment.project_id, measured=[measured])


def test_what_is_sent_late_together_with_its_exposure_corrects_nothing(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through")
    at = timezone.now() - timedelta(days=9)
    expose(project_id=experiment.project_id, met=[Met(experiment.pk, 0, 7, at)])
    record_late(experiment, Measured(uuid7(), 7, experiment.primary_metric, 1.0, 1.0, at))
    fold(project_id=experiment.project_id)
    (total,) = UnitTotal.objects.filter(experiment=experiment)
    assert (total.rows, total.late_rows) == (1, 0)


def test_what_comes_from_after_the_end_of_exposure_is_kept_and_not_counted(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through")
    Experiment.objects.filter(pk=experiment.pk).update(exposure_ended_at=timezone.now() - timedelta(days=9))
    experiment.refresh_from_db()
    record(
        experiment.project_id,
        [
            Met(experiment.pk, unit % 2, unit, timezone.now() - timedelta(days=days))
            for unit, days in enumerate((12, 10, 8))
        ],
        [],
    )
    found = results(experiment)
    assert found["units"]["exposed"] == found["units"]["counted"] == 2
    assert experiment.exposures.count() == 3


def test_units_in_two_arms_are_counted_shown_and_unsound_above_one_in_a_hundred(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through")
    pass_by(experiment, (0.2, 0.4), units=1000)
    other = [Met(experiment.pk, 1 - arm, unit, at) for unit, arm, at in _exposed(experiment)[:20]]
    record(experiment.project_id, other, [])
    found = results(watch(experiment))
    assert found["units"]["in_two_arms"] == 20
    assert not found["split"]["units_sound"]
    assert found["verdict"]["reasons"][0]["code"] == "units_unsound"


def _exposed(experiment: Experiment) -> list[Any]:
    return list(experiment.exposures.order_by("unit").values_list("unit", "arm", "exposed_at"))


def test_looks_are_remembered_and_a_look_in_passing_leaves_nothing(mia: Person) -> None:
    experiment = experiment_on(mia, "click_through", guardrails=[Guard(metric_of(mia, "error_rate"))])
    pass_by(experiment, (0.3, 0.3), units=800)
    results(experiment)
    experiment.refresh_from_db()
    assert experiment.intersections == {}
    first = watch(experiment).intersections["bounds"]["primary/click_through/1.1.0/ahead"]
    pass_by(experiment, (0.3, 0.3), units=800, name="more", seed=2)
    second = watch(experiment).intersections["bounds"]["primary/click_through/1.1.0/ahead"]
    assert first[0] <= second[0] < second[1] <= first[1]
    assert second != first
