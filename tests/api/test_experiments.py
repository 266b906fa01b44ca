"""Experiments over HTTP: drafted, changed, thrown away, listed, and taken from start to end."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from experiments.models import Experiment, Metric
from sentinel import access
from sentinel.create_key import create_key
from tests.api.calls import at, call
from tests.api.trials import EXPERIMENTS, METRICS, a_draft, draft, make_subject, start
from tests.conftest import Person
from vault.models import Prompt

ACTIONS = ("start/", "pause/", "resume/", "conclude/", "promote/", "roll-back/", "approve/", "widen/", "withdraw/")


def test_it_drafts_an_experiment(mia: Person) -> None:
    prompt = make_subject(mia)
    more = {
        "hypothesis": "Shorter is better.",
        "guardrails": [{"metric": "response_time_ms", "margin": 0.1}, {"metric": "error_rate"}],
        "secondary_metrics": ["engagement"],
        "ramp": [{"coverage": 1000, "minutes": 10, "units": 50}],
        "mode": "approval",
        "smallest_effect": 0.1,
        "holdback": 500,
    }
    answer = call(mia, "POST", EXPERIMENTS, a_draft(prompt, **more))
    assert answer.status == 201, answer.body
    made = answer.json
    assert (made["status"], made["verdict"], made["end"], made["proposal"]) == ("draft", "", None, None)
    assert made["prompt"] == {"id": str(prompt.pk), "name": "greeting"}
    assert [(arm["number"], arm["version"]["number"], arm["share"]) for arm in made["arms"]] == [
        (0, "1.0.0", 5000),
        (1, "1.1.0", 5000),
    ]
    assert [(guard["metric"]["slug"], guard["margin"]) for guard in made["guardrails"]] == [
        ("response_time_ms", 0.1),
        ("error_rate", 0.0),
    ]
    assert [metric["slug"] for metric in made["secondary_metrics"]] == ["engagement"]
    assert made["primary_metric"]["slug"] == "click_through"
    assert {name: made[name] for name in ("ramp", "mode", "smallest_effect", "holdback", "hypothesis")} == {
        name: more[name] for name in ("ramp", "mode", "smallest_effect", "holdback", "hypothesis")
    }
    assert (made["significance"], made["min_sample_size"], made["max_duration_days"]) == (0.05, 100, 28)
    assert call(mia, "GET", f"{EXPERIMENTS}{made['id']}/").json == made


def test_it_drafts_what_is_not_complete_yet(mia: Person) -> None:
    body = a_draft(make_subject(mia))
    del body["arms"]
    answer = call(mia, "POST", EXPERIMENTS, body)
    assert (answer.status, answer.json["arms"]) == (201, [])
    refused = call(mia, "POST", f"{EXPERIMENTS}{answer.json['id']}/start/", {"planned_units": 1000})
    assert (refused.status, refused.code) == (422, "no_treatment")
    assert "/arms" in refused.pointers


def test_it_takes_versions_and_metrics_by_any_of_their_names(mia: Person) -> None:
    prompt = make_subject(mia)
    control, treatment = prompt.versions.order_by("created_at")
    metric = Metric.objects.get(project=mia.project, slug="engagement")
    arms = [{"version": control.number, "share": 5000}, {"version": str(treatment.pk), "share": 5000}]
    path = draft(mia, prompt, arms=arms, primary_metric=str(metric.pk))
    made = call(mia, "GET", path).json
    assert [arm["version"]["id"] for arm in made["arms"]] == [str(control.pk), str(treatment.pk)]
    assert made["primary_metric"]["slug"] == "engagement"


def test_it_changes_a_draft(mia: Person) -> None:
    prompt = make_subject(mia, versions=3)
    path = draft(mia, prompt, guardrails=[{"metric": "error_rate"}], secondary_metrics=["engagement"])
    changes = {
        "name": "Three",
        "arms": [
            {"version": "production", "share": 3000},
            {"version": "1.1.0", "share": 3000},
            {"version": "1.2.0", "share": 4000},
        ],
        "guardrails": [],
    }
    changed = call(mia, "PATCH", path, changes)
    assert (changed.status, changed.json["name"]) == (200, "Three")
    assert [arm["share"] for arm in changed.json["arms"]] == [3000, 3000, 4000]
    assert changed.json["guardrails"] == []
    assert [metric["slug"] for metric in changed.json["secondary_metrics"]] == ["engagement"]


def test_it_throws_a_draft_away_and_keeps_what_was_started(mia: Person) -> None:
    path = draft(mia)
    assert call(mia, "DELETE", path).status == 204
    assert call(mia, "GET", path).status == 404
    assert call(mia, "DELETE", path).status == 404
    running = start(mia, make_subject(mia, name="another"))
    for method, body in (("DELETE", None), ("PATCH", {"name": "x"})):
        refused = call(mia, method, running, body)
        assert (refused.status, refused.code) == (409, "wrong_status")
        assert refused.json["experiment"] == {"status": "running"}
    assert call(mia, "GET", running).json["name"] == "Greetings"


def test_it_lists_experiments_newest_first_and_narrows_them(mia: Person, stranger: Person) -> None:
    one, other = make_subject(mia), make_subject(mia, name="another", category="post")
    draft(mia, one, name="first")
    start(mia, other, name="second")
    draft(mia, one, name="third")
    draft(stranger, name="theirs")

    def names(query: str = "") -> list[str]:
        answer = call(mia, "GET", EXPERIMENTS + query)
        assert answer.status == 200, answer.body
        return [row["name"] for row in answer.json["results"]]

    assert names() == ["third", "second", "first"]
    assert names("?status=draft") == ["third", "first"]
    assert names("?status=running") == ["second"]
    assert names(f"?prompt={one.pk}") == ["third", "first"]
    assert names(f"?prompt={one.pk}&status=running") == []
    assert names(f"?prompt={Prompt.objects.get(project=stranger.project).pk}") == []
    assert names("?page_size=2&page=2") == ["first"]


@pytest.mark.parametrize("rows", [1, 9])
def test_it_asks_as_few_queries_for_many_rows_as_for_one(
    rows: int, mia: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        prompt = make_subject(mia, name=f"number {number}", category=f"post{number}")
        guards = [{"metric": "error_rate"}, {"metric": "cost_usd"}][: number + 1]
        path = start(mia, prompt, name=f"number {number}", guardrails=guards, secondary_metrics=["engagement"])
        for _ in range(rows):
            call(mia, "POST", path + "pause/")
            call(mia, "POST", path + "resume/")
    # The look at the revision is one of them each time.
    expected = {
        EXPERIMENTS: 6,
        EXPERIMENTS + "?status=running": 6,
        path: 5,
        path + "timeline/": 4,
        METRICS: 3,
        METRICS + "?kind=ratio": 3,
    }
    access.access_of_key(mia.key)
    for asked, queries in expected.items():
        with django_assert_num_queries(queries):
            assert call(mia, "GET", asked).status == 200, asked


def test_it_goes_from_start_to_end(mia: Person) -> None:
    prompt = make_subject(mia)
    ramp = [{"coverage": coverage, "minutes": 0, "units": 0} for coverage in (500, 10_000)]
    path = draft(mia, prompt, ramp=ramp)
    started = call(mia, "POST", path + "start/", {"baseline": {"mean": 0.1}, "reason": "Now."}).json
    assert (started["status"], started["coverage"], started["started_by"]) == ("running", 500, "mia")
    assert started["planned_units"] > 1000
    assert call(mia, "POST", path + "pause/").json["status"] == "paused"
    assert call(mia, "POST", path + "resume/").json["status"] == "running"
    widened = call(mia, "POST", path + "widen/").json
    assert (widened["coverage"], widened["ramp_step"]) == (10_000, 1)
    concluded = call(mia, "POST", path + "conclude/", {"reason": "Enough."}).json
    assert concluded["status"] == "concluded"
    control = str(prompt.versions.order_by("created_at")[0].pk)
    assert concluded["end"] == {"action": "conclude", "arm": None, "production": {"before": control, "after": control}}
    again = call(mia, "POST", path + "start/", {"planned_units": 1000})
    assert (again.status, again.code) == (409, "wrong_status")
    timeline = call(mia, "GET", path + "timeline/").json["results"]
    told = ["concluded", "widened", "resumed", "paused", "started", "drafted"]
    assert [event["action"] for event in timeline] == told
    assert (timeline[0]["actor"], timeline[0]["reason"]) == ("mia", "Enough.")
    assert timeline[0]["key"] is not None


def test_it_ships_a_treatment_and_takes_it_back(mia: Person) -> None:
    prompt = make_subject(mia)
    path = start(mia, prompt)
    shipped = call(mia, "POST", path + "promote/", {"arm": 1, "reason": "Better."})
    assert (shipped.status, shipped.json["status"], shipped.json["end"]["action"]) == (200, "concluded", "ship")
    assert call(mia, "GET", at(prompt)).json["labels"] == {"production": "1.1.0"}
    back = call(mia, "POST", path + "roll-back/", {"reason": "Complaints."})
    assert back.status == 200, back.body
    assert call(mia, "GET", at(prompt)).json["labels"] == {"production": "1.0.0"}
    assert call(mia, "GET", path + "timeline/").json["results"][0]["action"] == "taken_back"


def test_it_rolls_back_what_runs(mia: Person) -> None:
    path = start(mia)
    back = call(mia, "POST", path + "roll-back/").json
    assert (back["status"], back["coverage"], back["end"]["action"]) == ("concluded", 0, "roll_back")


def test_it_withdraws_one_of_two_treatments(mia: Person) -> None:
    arms = [
        {"version": number, "share": share} for number, share in (("1.0.0", 4000), ("1.1.0", 3000), ("1.2.0", 3000))
    ]
    path = start(mia, make_subject(mia, versions=3), arms=arms)
    answer = call(mia, "POST", path + "withdraw/", {"arm": 2}).json
    assert [arm["withdrawn_at"] is not None for arm in answer["arms"]] == [False, False, True]
    refused = call(mia, "POST", path + "withdraw/", {"arm": 1})
    assert (refused.status, refused.code, refused.pointers) == (422, "invalid_arm", ["/arm"])


def test_a_second_person_agrees(mia: Person, adam: Person) -> None:
    path = start(mia, mode="approval")
    nothing = call(adam, "POST", path + "approve/")
    assert (nothing.status, nothing.code) == (409, "nothing_to_approve")
    reasons = [{"code": "ahead", "text": "It is better."}]
    proposal = {"action": "ship", "arm": 1, "reasons": reasons, "since": "2026-11-20T10:00:00Z"}
    Experiment.objects.update(proposal=proposal)
    assert call(mia, "GET", path).json["proposal"] == proposal
    assert call(mia, "POST", path + "approve/").code == "second_person_needed"
    assert call(mia, "POST", path + "promote/").code == "second_person_needed"
    assert call(adam, "POST", path + "approve/", {"action": "roll_back"}).code == "proposal_changed"
    agreed = call(adam, "POST", path + "approve/", {"action": "ship"})
    assert (agreed.status, agreed.json["status"], agreed.json["approved_by"]) == (200, "concluded", "adam")


def test_it_acts_once_for_one_idempotency_key(mia: Person) -> None:
    prompt = make_subject(mia)
    first = call(mia, "POST", EXPERIMENTS, a_draft(prompt), Idempotency_Key="draft")
    again = call(mia, "POST", EXPERIMENTS, a_draft(prompt), Idempotency_Key="draft")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert Experiment.objects.count() == 1
    path = f"{EXPERIMENTS}{first.json['id']}/"
    for action in ("start/", "pause/", "resume/", "conclude/"):
        body = {"planned_units": 1000} if action == "start/" else {}
        once, twice = (call(mia, "POST", path + action, body, Idempotency_Key="k") for _ in range(2))
        assert (once.status, twice.status, twice.json) == (200, 200, once.json), action
        other = call(mia, "POST", path + action, body | {"reason": "x"}, Idempotency_Key="k")
        assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert Experiment.objects.get().events.count() == 5


def test_it_holds_the_prompt_while_it_goes_on(mia: Person) -> None:
    prompt = make_subject(mia)
    path = start(mia, prompt)
    refused = call(mia, "PUT", at(prompt, "labels/production/"), {"version": "1.1.0"})
    assert (refused.status, refused.code) == (409, "held_by_experiment")
    assert refused.json["experiment"]["name"] == "Greetings"
    assert call(mia, "DELETE", at(prompt)).code == "held_by_experiment"
    call(mia, "POST", path + "conclude/")
    assert call(mia, "PUT", at(prompt, "labels/production/"), {"version": "1.1.0"}).status == 200


def test_a_viewer_looks_and_changes_nothing(mia: Person, vic: Person) -> None:
    prompt = make_subject(mia)
    path = start(mia, prompt)
    for read in (EXPERIMENTS, path, path + "results/", path + "verdict/", path + "timeline/", METRICS):
        assert call(vic, "GET", read).status == 200, read
    plan = {"metric": "click_through", "smallest_effect": 0.1, "baseline": {"mean": 0.1}}
    assert call(vic, "POST", "/api/v1/power", plan).status == 200
    writes = [("POST", EXPERIMENTS, a_draft(prompt)), ("PATCH", path, {"name": "x"}), ("DELETE", path, None)]
    writes += [("POST", path + action, {}) for action in ACTIONS]
    writes += [("POST", METRICS, {"slug": "a", "name": "A", "kind": "mean"})]
    for method, asked, body in writes:
        refused = call(vic, method, asked, body)
        assert (refused.status, refused.code) == (403, "permission_denied"), (method, asked)


def test_a_key_for_prompts_alone_sees_no_experiments(mia: Person) -> None:
    path = start(mia)
    _, key = create_key(project=mia.project, made_by=mia.user, permissions=["prompts.read"], name="p")
    program = Client(headers={"X-API-Key": key})
    for asked in (EXPERIMENTS, path, path + "results/", METRICS):
        assert call(program, "GET", asked).code == "permission_denied"
    assert call(program, "POST", "/api/v1/power", {}).code == "permission_denied"


def test_it_tells_results_and_verdict(mia: Person) -> None:
    path = start(mia)
    verdict = call(mia, "GET", path + "verdict/")
    assert (verdict.status, verdict.json["status"], verdict.json["alarm"]) == (200, "running", "")
    assert verdict.json["verdict"]["outcome"] == "keep_running"
    results = call(mia, "GET", path + "results/")
    assert (results.status, results.json["verdict"]) == (200, verdict.json["verdict"])
