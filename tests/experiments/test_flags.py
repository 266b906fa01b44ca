"""Prompts as feature flags: what OFREP's clients get, for whom, and why."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openfeature.api
import pytest
from assay.core import token
from django.utils import timezone
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

from experiments.models import Experiment, Exposure
from experiments.usage import write_down_usage
from tests.api.calls import Answer, call
from tests.conftest import Person
from tests.experiments.cast import make_experiment
from tests.experiments.test_resolve import make_prompt
from tests.live import serving

FLAGS = "/ofrep/v1/evaluate/flags"
# The versions that are tried, with all that they need; the test gets them from npm's registry.
WEB_CLIENT = {
    "@openfeature/ofrep-web-provider": "0.4.3",
    "@openfeature/ofrep-core": "2.3.0",
    "@openfeature/web-sdk": "1.10.0",
    "@openfeature/core": "1.12.0",
}


def evaluate(person: Person, key: str = "greeting", /, **context: Any) -> Answer:
    return call(person, "POST", f"{FLAGS}/{key}", {"context": context})


def test_a_prompt_is_a_flag_by_its_name(mia: Person) -> None:
    prompt = make_prompt(mia)
    version = prompt.versions.get()
    answer = evaluate(mia, targetingKey="ann", plan="premium")
    assert answer.status == 200
    metadata = answer.json.pop("metadata")
    assert answer.json == {
        "key": "greeting",
        "reason": "STATIC",
        "variant": "1.0.0",
        "value": {
            "prompt": {"id": str(prompt.pk), "name": "greeting"},
            "version": {"id": str(version.pk), "number": "1.0.0"},
            "kind": "text",
            "content": "Hello {{ name }}",
            "variables": version.variables,
            "model_settings": {},
        },
    }
    named = token.read(metadata["resolution_id"])
    assert (named.prompt_id, named.version_id, named.experiment_id) == (str(prompt.pk), str(version.pk), None)
    write_down_usage()
    prompt.refresh_from_db()
    assert prompt.times_used == 1


def test_a_unit_in_an_experiment_gets_its_arm_and_is_written_down(mia: Person) -> None:
    experiment = make_experiment(mia)
    seen = {}
    for number in range(20):
        answer = evaluate(mia, targetingKey=f"unit-{number}").json
        again = evaluate(mia, targetingKey=f"unit-{number}").json
        assert (answer["reason"], answer["variant"]) == ("SPLIT", again["variant"])
        seen[answer["variant"]] = answer["value"]["content"]
        assert answer["metadata"]["experiment_id"] == str(experiment.pk)
    assert seen == {"control": "control {{ name }}", "arm-1": "treatment {{ name }}"}
    assert Exposure.objects.filter(experiment=experiment).count() == 20


def test_nobody_takes_part_without_a_targeting_key_or_outside_the_coverage(mia: Person) -> None:
    experiment = make_experiment(mia)
    assert evaluate(mia).json["reason"] == "STATIC"
    Experiment.objects.filter(pk=experiment.pk).update(exposure_ended_at=timezone.now())
    assert evaluate(mia, targetingKey="ann").json["reason"] == "STATIC"
    assert Exposure.objects.count() == 0


def test_the_context_chooses_the_language(mia: Person) -> None:
    make_prompt(mia)
    make_prompt(mia, content="Bonjour {{ name }}", language="fr")
    answer = evaluate(mia, targetingKey="ann", language="fr").json
    assert (answer["reason"], answer["value"]["content"]) == ("TARGETING_MATCH", "Bonjour {{ name }}")
    assert evaluate(mia, targetingKey="ann").json["value"]["content"] == "Hello {{ name }}"


def test_a_prompt_that_serves_nobody_is_disabled(mia: Person) -> None:
    prompt = make_prompt(mia)
    prompt.is_active = False
    prompt.save()
    answer = evaluate(mia, targetingKey="ann").json
    assert (answer["reason"], answer["variant"], "value" in answer) == ("DISABLED", "disabled", False)


def test_a_name_with_slashes_and_spaces_is_a_key(mia: Person) -> None:
    make_prompt(mia, name="mails/hello world?")
    assert evaluate(mia, "mails/hello%20world%3F").json["key"] == "mails/hello world?"


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("nothing", b'{"context": {}}', 404, "FLAG_NOT_FOUND"),
        ("a%00b", b'{"context": {}}', 404, "FLAG_NOT_FOUND"),
        ("greeting", b"{", 400, "PARSE_ERROR"),
        ("greeting", b'{"context": []}', 400, "INVALID_CONTEXT"),
        ("greeting", b"[]", 400, "INVALID_CONTEXT"),
        ("greeting", b'{"context": {"targetingKey": 7}}', 400, "INVALID_CONTEXT"),
        ("greeting", b'{"context": {"targetingKey": ""}}', 400, "INVALID_CONTEXT"),
        ("greeting", b'{"context": {"targetingKey": "a\\u0000b"}}', 400, "PARSE_ERROR"),
        ("greeting", json.dumps({"context": {"targetingKey": "x" * 201}}).encode(), 400, "INVALID_CONTEXT"),
    ],
)
def test_what_cannot_be_evaluated_says_why(mia: Person, key: str, body: bytes, status: int, code: str) -> None:
    make_prompt(mia)
    answer = call(mia, "POST", f"{FLAGS}/{key}", body)
    assert (answer.status, answer.json["errorCode"]) == (status, code)
    assert answer.json["errorDetails"]
    assert answer.json["key"]
    assert answer.headers["Content-Type"] == "application/json"


def test_all_flags_at_once_with_an_etag_that_covers_the_context(mia: Person) -> None:
    make_experiment(mia)
    make_prompt(mia, name="farewell", category="other", content="Bye")
    body = {"context": {"targetingKey": "ann"}}
    answer = call(mia, "POST", FLAGS, body)
    flags = {flag["key"]: flag["reason"] for flag in answer.json["flags"]}
    assert flags == {"farewell": "STATIC", "greeting": "SPLIT"}
    assert Exposure.objects.count() == 1
    etag = answer.headers["ETag"]
    same = call(mia, "POST", FLAGS, body, If_None_Match=etag)
    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", etag)
    for other in ({"targetingKey": "ben"}, {"targetingKey": "ann", "language": "fr"}, {}):
        assert call(mia, "POST", FLAGS, {"context": other}, If_None_Match=etag).status == 200
    make_prompt(mia, name="third", category="third")
    assert call(mia, "POST", FLAGS, body, If_None_Match=etag).status == 200


def test_all_flags_are_refused_for_a_context_that_cannot_be_used(mia: Person) -> None:
    answer = call(mia, "POST", FLAGS, {"context": {"targetingKey": 1}})
    assert (answer.status, answer.json["errorCode"]) == (400, "INVALID_CONTEXT")
    bad_unit = call(mia, "POST", FLAGS, {"context": {"targetingKey": ""}})
    assert (bad_unit.status, bad_unit.json["errorCode"]) == (400, "INVALID_CONTEXT")


def test_a_stranger_sees_no_flag_and_nobody_is_let_in(mia: Person, stranger: Person) -> None:
    make_prompt(mia)
    assert evaluate(stranger, targetingKey="ann").json["errorCode"] == "FLAG_NOT_FOUND"
    assert call(stranger, "POST", FLAGS, {"context": {}}).json["flags"] == []
    nobody = call(Person(mia.user, mia.project, mia.access, "no-key"), "POST", FLAGS, {"context": {}})
    assert (nobody.status, nobody.code) == (401, "invalid_key")
    assert call(mia, "GET", FLAGS).status == 405
    assert call(mia, "POST", FLAGS, b"x", Content_Type="text/plain").code == "unsupported_media_type"


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, workers=1) as address:
        yield address


@pytest.fixture
def _no_provider_afterwards() -> Iterator[None]:
    yield
    openfeature.api.clear_providers()


@pytest.mark.usefixtures("_no_provider_afterwards")
def test_the_public_client_for_python_works_with_it(server: str, mia: Person) -> None:
    experiment = make_experiment(mia)
    provider = OFREPProvider(server, headers_factory=lambda: {"Authorization": f"Bearer {mia.key}"}, timeout=120)
    # Without waiting a thread makes it ready, and who asks before that gets an error.
    openfeature.api.set_provider_and_wait(provider)
    client = openfeature.api.get_client()
    details = client.get_object_details("greeting", {}, EvaluationContext("ann", {"plan": "premium"}))
    assert (details.reason, details.error_code) == ("SPLIT", None)
    assert details.variant in ("control", "arm-1")
    assert details.value["content"] in ("control {{ name }}", "treatment {{ name }}")
    assert token.read(details.flag_metadata["resolution_id"]).experiment_id == str(experiment.pk)
    assert Exposure.objects.count() == 1

    missing = client.get_object_details("unheard-of", {"content": "mine"}, EvaluationContext("ann"))
    assert (missing.error_code, missing.value) == (ErrorCode.FLAG_NOT_FOUND, {"content": "mine"})
    wrong = client.get_object_details("greeting", {"content": "mine"}, EvaluationContext("x" * 201))
    assert (wrong.error_code, wrong.value) == (ErrorCode.INVALID_CONTEXT, {"content": "mine"})
    plain = client.get_object_details("greeting", {})
    assert plain.error_code == ErrorCode.INVALID_CONTEXT or plain.reason == "STATIC"


def test_the_public_client_for_the_web_works_with_it(server: str, mia: Person, tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        assert os.environ.get("CI") != "true", "node and npm are needed to try the web client"
        pytest.skip("node or npm is not installed: the web client was not tried")
    make_experiment(mia)
    make_prompt(mia, name="farewell", category="other", content="Bye")
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"private": True, "type": "module", "dependencies": WEB_CLIENT}))
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", str(tmp_path / "npm")]
    # One answer that never comes costs a minute of the ten.
    install += ["--fetch-timeout", "60000", "--fetch-retries", "4"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        assert os.environ.get("CI") != "true", done.stderr
        pytest.skip("npm's registry cannot be reached: the web client was not tried")
    shutil.copy(Path(__file__).with_name("web_client.mjs"), folder)
    ran = subprocess.run(
        [node, "web_client.mjs", server, mia.key],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["ann"]["reason"], told["farewell"]["reason"]) == ("SPLIT", "STATIC")
    assert told["ann"]["variant"] in ("control", "arm-1")
    assert told["ann"]["value"]["content"] in ("control {{ name }}", "treatment {{ name }}")
    assert told["farewell"]["value"]["content"] == "Bye"
    assert (told["missing"]["errorCode"], told["missing"]["value"]) == ("FLAG_NOT_FOUND", {"content": "mine"})
    # A second look with the same context, and one after the unit has changed.
    assert told["unchanged"] == 304
    assert told["ben"]["reason"] == "SPLIT"
    assert Exposure.objects.count() == 2
