"""From the first unit to a verdict that is acted on: in each mode, and back again."""

from typing import Any

import pytest
from assay.core.errors import AssayError

from experiments.approve_experiment import approve_experiment
from experiments.models import Experiment
from experiments.promote_experiment import promote_experiment
from experiments.results import results
from experiments.roll_back_experiment import roll_back_experiment
from tests.conftest import Person
from tests.experiments.test_start import draft, start
from tests.experiments.traffic import in_the_past, pass_by, watch
from vault.models import LabelMove

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
