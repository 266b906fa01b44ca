"""To somebody from another project, none of our metrics and experiments exists."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.api.calls import call
from tests.api.test_strangers import addresses
from tests.api.trials import EXPERIMENTS, METRICS, draft, make_subject, start
from tests.conftest import Person

# What each address takes, by method, and in which state; an address that is missing here fails the test.
RUNNING: dict[str, dict[str, Any]] = {
    "metrics/<uuid:metric_id>/": {"GET": None, "PATCH": {"name": "x"}},
    "experiments/<uuid:experiment_id>/results/": {"GET": None},
    "experiments/<uuid:experiment_id>/verdict/": {"GET": None},
    "experiments/<uuid:experiment_id>/timeline/": {"GET": None},
    "experiments/<uuid:experiment_id>/pause/": {"POST": None},
    "experiments/<uuid:experiment_id>/resume/": {"POST": None},
    "experiments/<uuid:experiment_id>/widen/": {"POST": None},
    "experiments/<uuid:experiment_id>/withdraw/": {"POST": {"arm": 2}},
    "experiments/<uuid:experiment_id>/promote/": {"POST": {"arm": 1}},
    "experiments/<uuid:experiment_id>/roll-back/": {"POST": None},
    "experiments/<uuid:experiment_id>/conclude/": {"POST": None},
    "experiments/<uuid:experiment_id>/approve/": {"POST": None},
}
DRAFT: dict[str, dict[str, Any]] = {
    "experiments/<uuid:experiment_id>/": {"GET": None, "PATCH": {"name": "x"}, "DELETE": None},
    "experiments/<uuid:experiment_id>/start/": {"POST": {"planned_units": 1000}},
}
# What is right, but not in the state that the experiment is in.
NOT_NOW = {"resume/", "approve/"}


def test_it_knows_every_address() -> None:
    ours = [route for route in addresses() if route.startswith(("metrics/", "experiments/"))]
    assert sorted(ours) == sorted(RUNNING | DRAFT)


@pytest.mark.parametrize("route", sorted(RUNNING | DRAFT))
def test_it_is_not_there_for_a_stranger(route: str, mia: Person, stranger: Person) -> None:
    prompt = make_subject(mia, versions=3)
    if route in DRAFT:
        experiment = draft(mia, prompt)
    else:
        arms = [
            {"version": number, "share": share} for number, share in (("1.0.0", 4000), ("1.1.0", 3000), ("1.2.0", 3000))
        ]
        experiment = start(mia, prompt, arms=arms)
    known = {
        "experiment_id": experiment.split("/")[-2],
        "metric_id": call(mia, "POST", METRICS, {"slug": "own", "name": "Own", "kind": "mean"}).json["id"],
    }
    path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", lambda found: known[found.group(1)], route)
    absent = "/api/v1/" + re.sub(r"<\w+:\w+>", str(uuid4()), route)
    for method, body in (RUNNING | DRAFT)[route].items():
        for caller in (stranger, stranger.browser()):
            there, nowhere = call(caller, method, path, body), call(caller, method, absent, body)
            assert (there.status, there.code) == (404, "not_found"), (method, path)
            # Not a word differs from what is said of a thing that nobody has.
            assert there.json == nowhere.json
        own = call(mia, method, path, body).status
        assert own == 409 if path.endswith(tuple(NOT_NOW)) else own in (200, 204), (method, path)


def test_it_lists_nothing_of_ours(mia: Person, stranger: Person) -> None:
    prompt = make_subject(mia)
    start(mia, prompt)
    call(mia, "POST", METRICS, {"slug": "own", "name": "Own", "kind": "mean"})
    assert call(stranger, "GET", EXPERIMENTS).json["count"] == 0
    assert call(stranger, "GET", f"{EXPERIMENTS}?prompt={prompt.pk}").json["count"] == 0
    assert "own" not in [row["slug"] for row in call(stranger, "GET", METRICS).json["results"]]
    assert call(stranger, "GET", "/api/v1/bundle").json["experiments"] == []
