"""The API is what its schema says: every operation is there, and whatever is sent gets an answer that is described."""

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as Browser
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from experiments.models import Metric
from tests.agents.handing import confirmed, hand_over
from tests.api.calls import call, make_prompt
from tests.api.trials import make_subject
from tests.conftest import Person
from tests.experiments.test_start import draft, start
from vault.models import Client

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
REAL = {"number": "1.0.0", "label": "production", "vertical": "food", "code": "RAFA", "agent": "RAFA"}


DOCUMENT = SchemaGenerator().get_schema(request=None, public=True)
OPERATIONS = {
    found.ok().label: found.ok()
    for found in schemathesis.openapi.from_dict(DOCUMENT).exclude(path="/readyz").get_all_operations()
}


@pytest.fixture
def app(db: None) -> Iterator[WSGIHandler]:
    signals = (request_started, request_finished)
    # As Django's own test client does it: a request must not close the connection that holds the test's transaction.
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged as an error, whatever is sent."""
    with caplog.at_level(logging.ERROR):
        yield
    # `readyz` says 503 where no worker runs, and Django logs each.
    said = [record.getMessage() for record in caplog.get_records("call")]
    assert [line for line in said if "/readyz" not in line] == []


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_it_answers_whatever_is_sent(label: str, app: WSGIHandler, olga: Person, quiet: None) -> None:
    """With a key, and half of the time about things that are there."""
    operation = OPERATIONS[label]
    prompt = make_prompt(olga)
    client = Client.objects.create(project=olga.project, name="Casa")
    metric = Metric.objects.create(project=olga.project, slug="own", name="Own", kind="mean")
    real = REAL | {"prompt_id": str(prompt.pk), "client_id": str(client.pk), "metric_id": str(metric.pk)}
    if "{task_id}" in label:
        real["task_id"] = (hand_over if "/confirm/" in label else confirmed)(olga).task_id
    if "{experiment_id}" in label:
        # A draft for what is done to drafts, else one that runs.
        experiment = draft(olga, make_subject(olga, name="subject", versions=1), shares=(4000, 3000, 3000))
        if not (label.startswith(("PATCH", "DELETE")) or "/start/" in label):
            start(olga, experiment)
        real["experiment_id"] = str(experiment.pk)

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(), is_real=booleans())
    def answers(case: Any, is_real: bool) -> None:
        if is_real:
            generated = case.path_parameters or {}
            case.path_parameters = {name: real.get(name, value) for name, value in generated.items()}
        response = case.call(app=app, headers={"X-API-Key": olga.key, "Accept-Encoding": "identity"})
        case.validate_response(response, checks=CHECKS)

    answers()


def test_it_is_valid_and_leaves_nothing_to_guess() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def described() -> Any:
    return call(Browser(), "GET", "/api/schema?format=json", Accept="application/vnd.oai.openapi+json").json


def test_it_describes_every_address() -> None:
    found = {
        "/api/v1/"
        + str(route.pattern).replace("uuid:", "").replace("str:", "").replace("path:", "").translate({60: "{", 62: "}"})
        for each in get_resolver().url_patterns
        if str(each.pattern) == "api/v1/"
        for route in each.url_patterns
    }
    flags = {"/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/{key}"}
    assert found | flags | {"/otlp/v1/traces", "/healthz", "/readyz"} == set(described()["paths"])


def test_it_describes_every_problem_and_how_to_say_who_one_is() -> None:
    document = described()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "apiKey", "session"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/api/"):
                continue
            assert {"bearer": []} in operation["security"], path
            assert {"400", "401", "403", "404"} <= set(operation["responses"]), path
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= set(operation["responses"]), path
                media = operation["requestBody"]["content"]["application/json"]
                assert "example" in media or "examples" in media, (method, path)


def test_it_says_in_which_ways_telemetry_may_be_sent() -> None:
    paths = described()["paths"]
    traces, batch, one = (paths[path]["post"] for path in ("/otlp/v1/traces", "/api/v1/runs/batch", "/api/v1/runs"))
    for operation, ways in (
        (traces, {"application/x-protobuf", "application/json"}),
        (batch, {"application/json", "application/x-ndjson", "application/jsonl"}),
        (one, {"application/json"}),
    ):
        assert set(operation["requestBody"]["content"]) == ways
        (encoding,) = [one for one in operation["parameters"] if one.get("name") == "Content-Encoding"]
        assert "gzip" in encoding["schema"]["enum"]
    assert {"200", "400", "401", "413", "415", "429", "503"} <= set(traces["responses"])
    for status, told in traces["responses"].items():
        # Errors are told as OTLP tells them, and never as problems.
        assert set(told["content"]) == {"application/x-protobuf", "application/json"}, status


def test_it_names_no_component_that_is_not_there() -> None:
    document = described()
    text = str(document)
    for kind, components in document["components"].items():
        for name in components:
            if kind in ("schemas", "responses", "parameters"):
                assert f"#/components/{kind}/{name}'" in text, name


def test_it_shows_the_schema_to_read() -> None:
    answer = call(Browser(), "GET", "/api/docs/", Accept="text/html")
    assert answer.status == 200
    assert b"swagger" in answer.body
