"""Exposures and outcomes over HTTP: in batches, each item answered, each counted once, whoever sends it how often."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from assay.core import token

from experiments.fold import fold
from experiments.models import Exposure, Outcome, UnitTotal
from sentinel.create_key import create_key
from tests.api.calls import Answer, call
from tests.conftest import Person
from tests.experiments.cast import ago, exposure, make_experiment, outcome
from tests.experiments.test_serving_an_experiment import resolve
from tests.live import serving


def send(person: Person, kind: str, *items: Any) -> Answer:
    return call(person, "POST", f"/api/v1/{kind}", {"items": list(items)})


def test_it_answers_each_item(mia: Person) -> None:
    experiment = make_experiment(mia)
    met = exposure(experiment, "ann", at=ago(days=1))
    good, early, bad = outcome("ann"), outcome("ben"), outcome("ann", value=0.5)

    assert send(mia, "exposures", met, met).json == {
        "accepted": 2,
        "rejected": [],
        "results": [
            {"index": 0, "id": None, "counted": True, "duplicate": False},
            {"index": 1, "id": None, "counted": True, "duplicate": True},
        ],
    }
    answer = send(mia, "outcomes", good, bad, early, good)
    assert answer.status == 200
    assert answer.json == {
        "accepted": 3,
        "rejected": [
            {
                "index": 1,
                "id": bad["id"],
                "code": "invalid_value",
                "detail": "A conversion is 0 or 1.",
                "pointer": "/value",
            }
        ],
        "results": [
            {"index": 0, "id": good["id"], "counted": True, "duplicate": False},
            {"index": 2, "id": early["id"], "counted": False, "duplicate": False},
            {"index": 3, "id": good["id"], "counted": True, "duplicate": True},
        ],
    }
    assert (Exposure.objects.count(), Outcome.objects.count()) == (1, 2)


def test_it_takes_a_resolution_for_its_unit(mia: Person) -> None:
    experiment = make_experiment(mia)
    resolution = resolve(mia, "ann")["resolution_id"]
    Exposure.objects.all().delete()
    assert send(mia, "exposures", {"resolution_id": resolution}).json["results"][0]["counted"]
    assert send(mia, "outcomes", outcome("") | {"unit": None, "resolution_id": resolution}).json["results"][0][
        "counted"
    ]
    fold(project_id=mia.project.pk)
    assert UnitTotal.objects.get(experiment=experiment).value == 1.0


def test_it_takes_no_resolution_of_somebody_else(mia: Person, stranger: Person) -> None:
    make_experiment(mia)
    resolution = resolve(mia, "ann")["resolution_id"]
    for kind, item in (
        ("exposures", {"resolution_id": resolution}),
        ("outcomes", outcome("") | {"unit": None, "resolution_id": resolution}),
    ):
        (refused,) = send(stranger, kind, item).json["rejected"]
        assert refused["code"] == "not_found"
    assert not Exposure.objects.exclude(project=mia.project).exists()
    assert not Outcome.objects.exists()


def test_it_needs_a_unit(mia: Person) -> None:
    make_experiment(mia)
    resolution = resolve(mia)["resolution_id"]
    assert token.read(resolution).unit_hash is None
    (refused,) = send(mia, "outcomes", outcome("") | {"unit": None, "resolution_id": resolution}).json["rejected"]
    assert (refused["code"], refused["pointer"]) == ("no_unit", "/resolution_id")
    (refused,) = send(mia, "exposures", {"resolution_id": resolution}).json["rejected"]
    assert (refused["code"], refused["pointer"]) == ("no_experiment", "/resolution_id")


@pytest.mark.parametrize("kind", ["exposures", "outcomes", "executions"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"items": [{"metric": "engagement", "unit": "a", "value": NaN}]}', 400, "invalid_json"),
        (b'{"items": [{"metric": "engagement", "unit": "a", "value": 1e999}]}', 400, "invalid_json"),
        (b'{"items": [{}' + b", {}" * 5000 + b"]}", 413, "too_many"),
        (b'{"items": {}}', 422, "required"),
        (b"[]", 422, "wrong_type"),
        (b"\xff", 400, "invalid_json"),
    ],
)
def test_a_body_that_is_no_batch(mia: Person, kind: str, body: bytes, status: int, code: str) -> None:
    answer = call(mia, "POST", f"/api/v1/{kind}", body)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("kind", ["exposures", "outcomes"])
@pytest.mark.parametrize(
    "item", [None, 7, "x", [], {"unit": "a\0"}, {"value": 10**30}, {"id": "x"}, {"unit": "\ud800"}]
)
def test_what_is_no_item_costs_the_good_one_nothing(mia: Person, kind: str, item: Any) -> None:
    experiment = make_experiment(mia)
    good = exposure(experiment, "ann") if kind == "exposures" else outcome("ann")
    answer = send(mia, kind, item, good)
    if answer.status == 200:
        assert (answer.json["accepted"], answer.json["rejected"][0]["index"]) == (1, 0)
    else:
        assert answer.code == "invalid_json"  # half of a surrogate pair is no JSON that UTF-8 can hold


def test_who_may_read_prompts_exposes_and_who_may_write_experiments_measures(mia: Person) -> None:
    experiment = make_experiment(mia)
    _, reader = create_key(project=mia.project, made_by=mia.user, permissions=["prompts.read"], name="reader")
    reading = Person(mia.user, mia.project, mia.access, reader)
    assert send(reading, "exposures", exposure(experiment, "ann")).status == 200
    refused = send(reading, "outcomes", outcome("ann"))
    assert (refused.status, refused.code) == (403, "permission_denied")


def test_two_processes_with_the_same_batches_at_once_count_each_item_once(
    transactional_db: None, mia: Person, tmp_path: Path
) -> None:
    experiment = make_experiment(mia)
    units = [f"unit-{number}" for number in range(400)]
    met = msgspec.json.encode({"items": [exposure(experiment, unit, at=ago(days=1)) for unit in units]})
    told = msgspec.json.encode({"items": [outcome(unit) for unit in units]})
    backwards = msgspec.json.encode({"items": msgspec.json.decode(told)["items"][::-1]})

    with serving(tmp_path) as address:

        def post(sent: tuple[str, bytes]) -> dict[str, Any]:
            kind, body = sent
            headers = {"X-API-Key": mia.key, "Content-Type": "application/json"}
            answer = httpx.post(f"{address}/api/v1/{kind}", content=body, headers=headers, timeout=240)
            assert answer.status_code == 200, answer.text
            return {"kind": kind} | answer.json()

        with ThreadPoolExecutor(8) as pool:
            batches = [("outcomes", told), ("exposures", met), ("outcomes", backwards)] * 4
            answers = list(pool.map(post, batches))

    assert {answer["accepted"] for answer in answers} == {400}
    measured = [answer for answer in answers if answer["kind"] == "outcomes"]
    assert sum(not row["duplicate"] for answer in measured for row in answer["results"]) == 400
    assert (Exposure.objects.count(), Outcome.objects.count()) == (400, 400)
    fold(project_id=mia.project.pk)
    assert UnitTotal.objects.filter(experiment=experiment, value=1.0, rows=1).count() == 400


def test_ids_of_two_projects_do_not_meet(mia: Person, stranger: Person) -> None:
    id_ = str(uuid4())
    for person in (mia, stranger):
        (row,) = send(person, "outcomes", outcome("ann", id=id_)).json["results"]
        assert not row["duplicate"]
