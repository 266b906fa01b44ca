"""Metrics over HTTP: those that every project has, and the project's own."""

from typing import Any

from experiments.models import Experiment, Metric
from experiments.models.metrics import SEEDED
from tests.api.calls import Answer, call
from tests.api.trials import METRICS, make_subject, start
from tests.conftest import Person

SIGN_UP = {"slug": "sign_up", "name": "Sign-up", "kind": "conversion"}


def make(person: Person, **fields: Any) -> str:
    """The address of a metric that was made."""
    answer = call(person, "POST", METRICS, SIGN_UP | fields)
    assert answer.status == 201, answer.body
    return f"{METRICS}{answer.json['id']}/"


def change(person: Person, path: str, **fields: Any) -> Answer:
    return call(person, "PATCH", path, fields)


def built_in(person: Person, slug: str) -> str:
    return f"{METRICS}{Metric.objects.get(project=person.project, slug=slug).pk}/"


def test_it_lists_what_every_project_has_and_ones_own(mia: Person, stranger: Person) -> None:
    make(mia)
    make(stranger, slug="theirs")
    rows = call(mia, "GET", METRICS).json["results"]
    assert [row["slug"] for row in rows] == sorted({*SEEDED, "sign_up"})
    assert {row["slug"] for row in rows if row["built_in"]} == set(SEEDED)
    conversions = call(mia, "GET", METRICS + "?kind=conversion").json["results"]
    assert [row["slug"] for row in conversions] == ["click_through", "sign_up"]


def test_it_makes_a_metric(mia: Person) -> None:
    body = {
        "slug": "basket",
        "name": "Basket",
        "kind": "mean",
        "direction": "up",
        "measure": "usd",
        "window_minutes": 90,
        "cap_percentile": 0.99,
    }
    answer = call(mia, "POST", METRICS, body)
    assert answer.status == 201
    made = answer.json
    assert {name: made[name] for name in body} == body
    assert (made["per_unit"], made["cap_at"], made["built_in"]) == ("mean", None, False)
    assert call(mia, "GET", f"{METRICS}{made['id']}/").json == made


def test_it_waits_a_week_unless_told_otherwise(mia: Person) -> None:
    assert call(mia, "GET", make(mia)).json["window_minutes"] == 7 * 24 * 60
    assert call(mia, "GET", make(mia, slug="at_once", window_minutes=0)).json["window_minutes"] == 0


def test_it_changes_ones_own(mia: Person) -> None:
    path = make(mia, kind="mean", cap_at=10)
    changed = change(mia, path, slug="joined", name="Joined", direction="down", cap_at=None, cap_percentile=0.9)
    assert changed.status == 200, changed.body
    assert (changed.json["slug"], changed.json["direction"], changed.json["cap_at"]) == ("joined", "down", None)
    assert changed.json["cap_percentile"] == 0.9


def test_it_changes_name_window_and_cap_of_what_every_project_has(mia: Person) -> None:
    path = built_in(mia, "response_time_ms")
    changed = change(mia, path, name="How long it took", window_minutes=10, cap_at=60_000, slug="response_time_ms")
    assert (changed.status, changed.json["cap_at"], changed.json["window_minutes"]) == (200, 60_000, 10)
    refused = change(mia, path, name="x", measure="s")
    assert (refused.status, refused.code, refused.pointers) == (409, "built_in", ["/measure"])
    assert call(mia, "GET", path).json["name"] == "How long it took"


def test_nothing_changes_under_an_experiment(mia: Person) -> None:
    """Whether it is the primary metric, a guardrail or a secondary."""
    paths = [make(mia, slug=slug, kind="mean") for slug in ("first", "guard", "beside")]
    named = {"primary_metric": "first", "guardrails": [{"metric": "guard"}], "secondary_metrics": ["beside"]}
    running = start(mia, make_subject(mia), **named)
    for path in paths:
        for fields in ({"window_minutes": 1}, {"direction": "down"}, {"cap_percentile": 0.9}, {"kind": "conversion"}):
            assert change(mia, path, **fields).code == "metric_in_use", (path, fields)
        assert change(mia, path, name="Another name", measure="eur").status == 200
    call(mia, "POST", running + "conclude/")
    for path in paths:
        assert change(mia, path, window_minutes=1, direction="down", cap_percentile=0.9).status == 200
        assert change(mia, path, slug="new").code == "metric_in_use"
    assert Experiment.objects.get().primary_metric.slug == "first"


def test_a_slug_stays_once_outcomes_name_it(mia: Person) -> None:
    path = make(mia)
    outcome = {"metric": "sign_up", "unit": "ann", "value": 1}
    assert call(mia, "POST", "/api/v1/outcomes", {"items": [outcome]}).json["accepted"] == 1
    refused = change(mia, path, slug="joined")
    assert (refused.status, refused.code, refused.pointers) == (409, "metric_in_use", ["/slug"])


def test_it_makes_a_metric_once_for_one_idempotency_key(mia: Person) -> None:
    once, twice = (call(mia, "POST", METRICS, SIGN_UP, Idempotency_Key="k") for _ in range(2))
    assert (once.status, twice.status, twice.json) == (201, 201, once.json)
