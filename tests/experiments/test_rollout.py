"""From the first unit to a verdict that is acted on: in each mode, and back again."""

from datetime import timedelta
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.utils import timezone

from config.ids import uuid7
from experiments.approve_experiment import approve_experiment
from experiments.conclude_experiment import conclude_experiment
from experiments.draft_experiment import Guard
from experiments.models import Experiment, Exposure, Metric, UnitTotal
from experiments.pause_experiment import pause_experiment
from experiments.plan_experiment import find_baseline
from experiments.promote_experiment import promote_experiment
from experiments.record_exposures import Met
from experiments.record_outcomes import Measured
from experiments.results import results
from experiments.resume_experiment import resume_experiment
from experiments.roll_back_experiment import roll_back_experiment
from experiments.start_experiment import start_experiment
from sentinel.access import access_of_key
from sentinel.models import ApiKey, Membership
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt
from tests.experiments.test_start import draft, metric_of, start
from tests.experiments.traffic import in_the_past, pass_by, record, watch
from vault.models import LabelMove, VaultSettings
from vault.report_engagement import report_engagement

BETTER, WORSE, SAME = (0.2, 0.35), (0.35, 0.2), (0.3, 0.3)


def running(person: Person, mode: str, **more: Any) -> Experiment:
    """One of two arms that everybody takes part in, started twenty days ago."""
    fields = {"mode": mode, "ramp": [], "smallest_effect": 0.1} | more.pop("fields", {})
    return in_the_past(start(person, draft(person, fields=fields, **more), planned_units=2000))


def production(experiment: Experiment) -> str:
    return str(experiment.prompt.labels.get(name="production").version)


def actions(experiment: Experiment) -> list[str]:
    return list(experiment.events.values_list("action", flat=True))


def test_auto_ships_a_better_treatment_and_keeps_the_evidence(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    assert (experiment.status, experiment.verdict) == ("concluded", "ship")
    assert production(experiment) == "1.1.0"
    assert actions(experiment) == ["drafted", "started", "shipped"]
    shipped = experiment.events.last()
    assert (shipped.actor, "better than the control" in shipped.reason) == (None, True)
    evidence = experiment.evidence
    assert (evidence["action"], evidence["arm"]) == ("ship", 1)
    assert evidence["results"]["primary"]["comparisons"][0]["interval"][0] > 0
    assert results(experiment)["verdict"]["outcome"] == "ship"


def test_auto_takes_back_a_worse_treatment_and_leaves_production_alone(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, WORSE)
    experiment = watch(experiment)
    assert (experiment.status, experiment.verdict, experiment.coverage) == ("concluded", "roll_back", 0)
    assert production(experiment) == "1.0.0"
    assert LabelMove.objects.filter(prompt=experiment.prompt, label="production").count() == 1


def test_manual_recommends_and_leaves_it_to_a_person(mia: Person) -> None:
    experiment = running(mia, "manual")
    pass_by(experiment, BETTER)
    experiment = watch(watch(experiment))
    assert (experiment.status, experiment.proposal["action"], experiment.proposal["arm"]) == ("running", "ship", 1)
    assert production(experiment) == "1.0.0"
    assert actions(experiment) == ["drafted", "started", "proposed"]
    assert list(Experiment.objects.needing_a_person()) == [experiment]
    promote_experiment(access=mia.access, experiment=experiment, reason="agreed")
    assert production(experiment) == "1.1.0"
    assert not Experiment.objects.needing_a_person()


def test_approval_waits_for_a_second_person(mia: Person, adam: Person) -> None:
    experiment = running(mia, "approval")
    with pytest.raises(AssayError, match="nothing_to_approve"):
        approve_experiment(access=adam.access, experiment=experiment)
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    assert (experiment.status, experiment.proposal["action"]) == ("running", "ship")
    for verb in (approve_experiment, promote_experiment):
        with pytest.raises(AssayError, match="second_person_needed"):
            verb(access=mia.access, experiment=experiment)
    with pytest.raises(AssayError, match="proposal_changed"):
        approve_experiment(access=adam.access, experiment=experiment, action="roll_back")
    approve_experiment(access=adam.access, experiment=experiment, action="ship")
    experiment.refresh_from_db()
    assert (experiment.status, experiment.approved_by) == ("concluded", adam.user)
    assert production(experiment) == "1.1.0"
    assert actions(experiment)[-2:] == ["approved", "shipped"]


def test_what_was_shipped_goes_back_with_one_call(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    stood = experiment.evidence
    roll_back_experiment(access=mia.access, experiment=experiment, reason="complaints")
    experiment.refresh_from_db()
    assert production(experiment) == "1.0.0"
    assert experiment.evidence == stood
    assert actions(experiment)[-1] == "taken_back"
    with pytest.raises(AssayError, match="production_moved_on"):
        roll_back_experiment(access=mia.access, experiment=experiment)


def test_auto_on_a_label_that_was_protected_since_calls_a_person_and_undoes_what_it_began(
    mia: Person, adam: Person
) -> None:
    experiment = running(mia, "auto")
    VaultSettings.objects.update_or_create(project=mia.project, defaults={"protected_labels": ["production"]})
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    assert (experiment.status, experiment.proposal["action"]) == ("running", "ship")
    assert "protected" in experiment.alarm
    assert production(experiment) == "1.0.0"
    promote_experiment(access=adam.access, experiment=experiment)
    assert production(experiment) == "1.1.0"


@pytest.mark.parametrize("loses", ["membership", "key"])
def test_auto_ships_nothing_for_who_may_no_more(mia: Person, loses: str) -> None:
    access = access_of_key(mia.key)
    experiment = draft(mia, fields={"mode": "auto", "ramp": [], "smallest_effect": 0.1})
    experiment = in_the_past(start_experiment(access=access, experiment=experiment, planned_units=2000))
    pass_by(experiment, BETTER)
    if loses == "key":
        ApiKey.objects.update(revoked_at=timezone.now())
    else:
        Membership.objects.filter(user=mia.user).update(role="viewer")
    experiment = watch(experiment)
    assert (experiment.status, production(experiment)) == ("running", "1.0.0")
    assert "could not ship" in experiment.alarm


def test_who_made_the_key_that_started_it_is_no_second_person(mia: Person, adam: Person) -> None:
    experiment = draft(mia, fields={"mode": "approval", "ramp": [], "smallest_effect": 0.1})
    started = start_experiment(access=access_of_key(mia.key), experiment=experiment, planned_units=2000)
    experiment = in_the_past(started)
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    with pytest.raises(AssayError, match="second_person_needed"):
        approve_experiment(access=mia.access, experiment=experiment)
    approve_experiment(access=access_of_key(adam.key), experiment=experiment)
    assert production(experiment) == "1.1.0"


def test_a_guardrail_rolls_back_what_looks_better(mia: Person) -> None:
    experiment = running(mia, "auto", guardrails=[Guard(metric_of(mia, "response_time_ms"), 0.02)])
    pass_by(experiment, BETTER, guardrails={"response_time_ms": (10.0, 12.0)})
    experiment = watch(experiment)
    assert (experiment.status, experiment.verdict) == ("concluded", "roll_back")
    assert experiment.evidence["results"]["guardrails"][0]["state"] == "crossed"
    assert "harms Response time" in experiment.events.last().reason


def test_one_bad_treatment_is_withdrawn_and_the_others_go_on(mia: Person) -> None:
    experiment = running(mia, "auto", shares=(3334, 3333, 3333))
    pass_by(experiment, (0.35, 0.15, 0.35), units=1500)
    experiment = watch(experiment)
    assert experiment.status == "running"
    assert list(experiment.arms.exclude(withdrawn_at=None).values_list("number", flat=True)) == [1]
    assert experiment.events.last().facts == {"arm": 1}
    before = dict(experiment.arms.values_list("number", "share"))
    # From now on its units get production; nobody else changes arm.
    took = pass_by(experiment, (0.35, 0.15, 0.35), units=600, name="later", at=timezone.now())
    assert 330 < took < 470
    experiment = watch(experiment)
    phases = results(experiment)["split"]["phases"]
    assert [len(phase["shares"]) for phase in phases] == [3, 2]
    assert sum(phases[1]["exposed"]) == took
    assert before == dict(experiment.arms.values_list("number", "share"))


def test_the_ramp_widens_only_when_time_and_units_are_reached(mia: Person) -> None:
    ramp = [
        {"coverage": 2000, "minutes": 60, "units": 100},
        {"coverage": 5000, "minutes": 60, "units": 10_000},
        {"coverage": 10000, "minutes": 0, "units": 0},
    ]
    experiment = start(mia, draft(mia, fields={"ramp": ramp}))
    assert experiment.coverage == 2000
    pass_by(experiment, SAME, units=1000, at=timezone.now())
    experiment = watch(experiment)
    assert (experiment.coverage, results(experiment)["ramp"]["next"]["waits_for"]) == (2000, ["time"])
    experiment = watch(in_the_past(experiment, timedelta(hours=2)))
    assert (experiment.coverage, experiment.ramp_step) == (5000, 1)
    assert experiment.events.last().facts == {"step": 1, "coverage": 5000}
    experiment = watch(in_the_past(experiment, timedelta(hours=2)))
    assert (experiment.coverage, results(experiment)["ramp"]["next"]["waits_for"]) == (5000, ["units"])


def test_a_guardrail_that_cannot_be_read_yet_holds_the_ramp(mia: Person) -> None:
    ramp = [{"coverage": 5000, "minutes": 0, "units": 0}, {"coverage": 10000, "minutes": 0, "units": 0}]
    guards = [Guard(metric_of(mia, "error_rate"))]
    experiment = in_the_past(start(mia, draft(mia, fields={"ramp": ramp}, guardrails=guards)))
    pass_by(experiment, SAME, units=600, at=timezone.now())
    experiment = watch(experiment)
    assert (experiment.coverage, results(experiment)["ramp"]["next"]["waits_for"]) == (5000, ["guardrails_or_split"])
    pass_by(experiment, SAME, units=600, name="earlier", guardrails={"error_rate": (5.0, 5.0)})
    assert watch(experiment).coverage == 10_000


def test_an_unsound_split_calls_a_person_and_acts_on_nothing(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    lost = Exposure.objects.filter(experiment=experiment, arm=0).values_list("unit", flat=True)[:300]
    for model in (UnitTotal, Exposure):
        model.objects.filter(experiment=experiment, unit__in=list(lost)).delete()
    experiment = watch(experiment)
    assert (experiment.status, production(experiment)) == ("running", "1.0.0")
    assert "did not fall on the arms as planned" in experiment.alarm
    assert experiment.snapshots.get().verdict == "inconclusive"
    assert actions(experiment)[-1] == "called_a_person"


def test_when_time_is_up_the_last_windows_are_waited_for_and_read_once_more(mia: Person) -> None:
    experiment = running(mia, "auto", fields={"max_duration_days": 14})
    pass_by(experiment, SAME, units=600)
    experiment = watch(experiment)
    assert experiment.exposure_ended_at is not None
    assert experiment.status == "running"
    # Nobody is exposed anew; who was keeps their arm.
    assert pass_by(experiment, SAME, units=50, name="new", at=timezone.now()) == 0
    assert pass_by(experiment, SAME, units=50) == 50
    Experiment.objects.filter(pk=experiment.pk).update(exposure_ended_at=timezone.now() - timedelta(days=7, minutes=2))
    experiment = watch(experiment)
    assert (experiment.status, experiment.intersections["fully_read"]) == ("running", True)
    experiment = watch(experiment)
    assert (experiment.status, experiment.verdict) == ("concluded", "inconclusive")
    assert experiment.evidence["results"]["verdict"]["reasons"][0]["code"] == "time_up"
    assert production(experiment) == "1.0.0"


def test_a_paused_experiment_is_read_and_not_acted_on(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER)
    pause_experiment(access=mia.access, experiment=experiment)
    experiment = watch(experiment)
    assert (experiment.status, experiment.snapshots.get().verdict) == ("paused", "ship")
    resume_experiment(access=mia.access, experiment=experiment)
    assert watch(experiment).status == "concluded"


def test_a_holdback_goes_on_measuring_what_was_shipped(mia: Person) -> None:
    experiment = running(mia, "auto", fields={"holdback": 1000})
    pass_by(experiment, BETTER)
    experiment = watch(experiment)
    (holdback,) = experiment.holdbacks.all()
    assert (holdback.status, holdback.purpose, holdback.coverage) == ("running", "holdback", 10_000)
    sides = list(holdback.arms.values_list("version__number", "share"))
    assert sides == [("1.0.0", 1000), ("1.1.0", 9000)]
    pass_by(in_the_past(holdback), (0.2, 0.3), units=3000, name="next")
    holdback = watch(holdback)
    assert (holdback.status, holdback.proposal) == ("running", None)
    found = results(experiment)["holdback"]
    assert (found["too_early"], found["units"]) == (False, 3000)
    assert 0.1 < found["lift"] < 1.0
    # What it measures goes back, and with it the holdback ends.
    roll_back_experiment(access=mia.access, experiment=experiment)
    holdback.refresh_from_db()
    assert (holdback.status, production(experiment)) == ("concluded", "1.0.0")


def test_a_report_that_names_no_unit_is_shown_and_counts_for_nobody(mia: Person) -> None:
    experiment = running(mia, "manual", fields={"primary_metric": metric_of(mia, "engagement")})
    report_engagement(
        project_id=mia.project.pk,
        items=[{"engagement_rate": 0.5}, {"engagement_rate": 0.5, "version": "1.1.0", "unit": "ann"}],
        prompt_id=experiment.prompt_id,
    )
    assert results(experiment)["reports_without_unit"] == 1


@pytest.mark.parametrize(("slug", "value"), [("click_through", 0.3), ("spent", 8.0)])
def test_the_next_experiment_is_planned_with_what_the_last_ones_control_brought(
    mia: Person, slug: str, value: float
) -> None:
    Metric.objects.create(project=mia.project, slug="spent", name="Spent", kind="mean")
    metric = metric_of(mia, slug)
    experiment = running(mia, "manual", fields={"primary_metric": metric})
    if slug == "click_through":
        pass_by(experiment, (value, 0.9), units=800)
        # Whose window is open still has not brought all it will.
        pass_by(experiment, (0.0, 0.0), units=800, name="new", at=timezone.now())
    else:
        at = timezone.now() - timedelta(days=10)
        met = [Met(experiment.pk, 0, unit, at) for unit in range(300)]
        # Each unit twice: its value is the mean of both.
        spent = [(unit, value + 2 * (unit % 2) - 1) for unit in range(300) for _ in range(2)]
        record(
            mia.project.pk,
            met,
            [Measured(uuid7(), unit, metric, each, 1.0, at + timedelta(hours=1)) for unit, each in spent],
        )
    watch(experiment)
    found = find_baseline(metric=metric, prompt_id=experiment.prompt_id)
    assert found is not None
    assert found.mean == pytest.approx(value, abs=0.06)
    conclude_experiment(access=mia.access, experiment=experiment)
    following = draft(mia, make_prompt(mia, content="Hi", name="next"), fields={"primary_metric": metric})
    assert start(mia, following, planned_units=None).planned_units
