"""What an experiment says over HTTP: always of the shape that the schema describes, to the last member."""

from typing import Any

import msgspec
import pytest

from experiments.api.shapes import ExperimentResults, ExperimentVerdict
from experiments.models import Experiment
from tests.api.calls import call
from tests.api.trials import draft, make_subject, start
from tests.conftest import Person
from tests.experiments.traffic import in_the_past, pass_by, watch

BETTER, SAME = (0.2, 0.35), (0.3, 0.3)
BESIDE: dict[str, Any] = {
    "guardrails": [{"metric": "error_rate", "margin": 0.1}],
    "secondary_metrics": ["engagement", "accuracy"],
}


def ask(person: Person, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Results and verdict, both of their shape."""
    results, verdict = call(person, "GET", path + "results/"), call(person, "GET", path + "verdict/")
    assert (results.status, verdict.status) == (200, 200), (results.body, verdict.body)
    msgspec.json.decode(results.body, type=ExperimentResults)
    msgspec.json.decode(verdict.body, type=ExperimentVerdict)
    assert verdict.json["verdict"] == results.json["verdict"]
    return results.json, verdict.json


def test_it_says_at_once_that_it_is_too_early(mia: Person) -> None:
    path = start(mia, **BESIDE)
    results, verdict = ask(mia, path)
    assert (results["units"]["exposed"], results["units"]["planned"]) == (0, 1000)
    assert (verdict["status"], verdict["verdict"]["outcome"], verdict["proposal"]) == ("running", "keep_running", None)
    assert results["primary"]["comparisons"][0]["too_early"] is True
    assert [reason["code"] for reason in verdict["verdict"]["reasons"]] == ["too_early"]
    assert results["ramp"]["next"]["coverage"] == 2000
    call(mia, "POST", path + "pause/")
    assert ask(mia, path)[1]["status"] == "paused"


def test_it_says_what_to_do_and_why(mia: Person) -> None:
    path = start(mia, ramp=[], smallest_effect=0.1, holdback=1000, **BESIDE)
    experiment = in_the_past(Experiment.objects.get())
    pass_by(experiment, BETTER, guardrails={"error_rate": (5.0, 5.0)})
    watch(experiment)
    results, verdict = ask(mia, path)
    assert (verdict["verdict"]["outcome"], verdict["verdict"]["arm"]) == ("ship", 1)
    assert (verdict["proposal"]["action"], verdict["proposal"]["arm"]) == ("ship", 1)
    assert results["primary"]["comparisons"][0]["interval"][0] > 0
    assert [guard["state"] for guard in results["guardrails"]] == ["sound"]
    assert call(mia, "GET", path).json["proposal"] == verdict["proposal"]
    # What is asked for is what is done when nothing else is named.
    shipped = call(mia, "POST", path + "promote/").json
    assert (shipped["verdict"], shipped["end"]["arm"]) == ("ship", 1)
    results, verdict = ask(mia, path)
    assert (verdict["status"], verdict["verdict"]["outcome"], verdict["proposal"]) == ("concluded", "ship", None)
    assert results["holdback"]["status"] == "running"
    holdback = f"{path.rpartition('/experiments/')[0]}/experiments/{results['holdback']['id']}/"
    assert call(mia, "GET", holdback).json["holdback_of"] == shipped["id"]
    assert ask(mia, holdback)[1]["verdict"]["outcome"] == "keep_running"
    refused = call(mia, "POST", holdback + "promote/")
    assert (refused.status, refused.code) == (409, "is_holdback")


def test_it_says_so_of_three_arms_of_which_one_is_out(mia: Person) -> None:
    arms = [
        {"version": number, "share": share} for number, share in (("1.0.0", 4000), ("1.1.0", 3000), ("1.2.0", 3000))
    ]
    path = start(mia, make_subject(mia, versions=3), arms=arms, ramp=[])
    experiment = in_the_past(Experiment.objects.get())
    pass_by(experiment, (*SAME, 0.3), units=600)
    call(mia, "POST", path + "withdraw/", {"arm": 2})
    results, verdict = ask(mia, path)
    assert [arm["withdrawn_at"] is not None for arm in results["arms"]] == [False, False, True]
    assert sum(arm["exposed"] for arm in results["arms"]) == results["units"]["exposed"] == 600
    assert [each["outcome"] for each in verdict["verdict"]["treatments"]] == ["keep_running", "roll_back"]


@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_it_says_so_of_every_kind_of_metric(kind: str, mia: Person) -> None:
    body = {"slug": "basket", "name": "Basket", "kind": kind, "cap_percentile": 0.99}
    assert call(mia, "POST", "/api/v1/metrics/", body).status == 201
    path = start(mia, primary_metric="basket", ramp=[])
    experiment = in_the_past(Experiment.objects.get())
    pass_by(experiment, SAME, units=600)
    results, _ = ask(mia, path)
    assert results["primary"]["metric"]["kind"] == kind
    watch(experiment)
    assert ask(mia, path)[0]["caps"]["basket"]["at"] == results["caps"]["basket"]["at"]


def test_a_draft_says_nothing_yet(mia: Person) -> None:
    path = draft(mia)
    for said in ("results/", "verdict/"):
        refused = call(mia, "GET", path + said)
        assert (refused.status, refused.code, refused.json["experiment"]) == (409, "wrong_status", {"status": "draft"})
    assert [event["action"] for event in call(mia, "GET", path + "timeline/").json["results"]] == ["drafted"]
