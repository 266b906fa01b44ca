"""OTLP over HTTP: both encodings, what is answered, and what is refused how."""

import gzip
import json
import zlib
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from agents.models import DropCount, Run
from tests.agents.spans import (
    JSON,
    PROTOBUF,
    TRACE,
    URL,
    Sent,
    agent,
    as_json,
    everything,
    in_json,
    in_protobuf,
    model,
    post,
    runs,
    send,
    span_id,
    steps,
    tool,
)
from tests.conftest import Person

pytestmark = pytest.mark.django_db
YEAR = 366 * 24 * 3600 * 1000.0

EVERYTHING = (
    agent(1, "outer", took=900, attributes={"session.id": "s-1", "input.value": "hello"}),
    model(2, 1, at=10, attributes={"operation.cost": 0.25, "gen_ai.input.messages": "[]"}),
    tool(3, 1, at=30, status=2, message="what was said", exception="TimeoutError", links=2),
    Sent(4, "look", 1, {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": ["a", "b"]}, at=40),
    tool(5, 1, at=60, attributes={"decision.type": "tool_selection", "decision.reason_code": "accuracy_required"}),
)


def grpc_status(body: bytes) -> tuple[int, str]:
    """A google.rpc.Status in protobuf: the number in its field 1, the text in its field 2."""
    assert (body[0], body[2]) == (0x08, 0x12)
    length, at = body[3] & 0x7F, 4
    if body[3] & 0x80:
        length, at = length | body[4] << 7, 5
    assert len(body) == at + length
    return body[1], body[at:].decode()


def test_it_reads_json_as_it_reads_protobuf(mia: Person, stranger: Person) -> None:
    answers = [
        ExportTraceServiceResponse.FromString(post(mia, in_protobuf(*EVERYTHING)).content).partial_success,
        post(stranger, in_json(*EVERYTHING), JSON).json()["partialSuccess"],
    ]

    assert answers[0].error_message == answers[1]["errorMessage"]
    assert (answers[0].rejected_spans, answers[1]["rejectedSpans"]) == (0, "0")
    ours, theirs = (
        {
            table: [{name: row[name] for name in row if name not in ("id", "run", "project_id", "pk")} for row in rows]
            for table, rows in everything(person).items()
        }
        for person in (mia, stranger)
    )
    assert {table: sorted(map(repr, rows)) for table, rows in ours.items()} == {
        table: sorted(map(repr, rows)) for table, rows in theirs.items()
    }


def test_it_reads_ids_in_json_as_hexadecimal(mia: Person) -> None:
    body = as_json(agent(1), model(2, 1))
    for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span["traceId"], span["spanId"] = span["traceId"].upper(), span["spanId"].upper()
    post(mia, json.dumps(body).encode(), JSON)

    run = Run.objects.get(project_id=mia.project.pk)
    assert (run.run_id, run.span_id) == (TRACE, span_id(1))
    assert [step.parent_step_id for step in steps(mia, run)] == [span_id(1)]


def test_it_reads_json_as_freely_as_protobuf_does(mia: Person) -> None:
    body = as_json(agent(1), tool(2, 1, status=2))
    first, second = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    first["startTimeUnixNano"] = int(first["startTimeUnixNano"])
    first["somethingOfTomorrow"] = {"a": [1]}
    first["events"] = first["links"] = first["status"] = first["parentSpanId"] = None
    second["status"] = {"code": "STATUS_CODE_ERROR"}
    second["kind"] = "SPAN_KIND_INTERNAL"
    second["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {"doubleValue": "NaN"}})
    response = post(mia, json.dumps(body).encode(), JSON)

    assert response.status_code == 200
    assert [step.status for step in steps(mia, runs(mia)["trace"])] == ["failure"]


def test_it_answers_nothing_to_tell_with_an_empty_message(mia: Person) -> None:
    bare = Sent(1, attributes={"openinference.span.kind": "AGENT"})

    answer = post(mia, in_protobuf(bare))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"", PROTOBUF)
    answer = post(mia, in_json(bare), JSON)
    assert (answer.status_code, answer.json(), answer["Content-Type"]) == (200, {}, JSON)


def test_it_takes_an_empty_request(mia: Person) -> None:
    no_resource = b"\x0a\x00"
    assert post(mia, no_resource).status_code == 200
    assert post(mia, b"{}", JSON).status_code == 200


def test_it_tells_what_it_dropped_and_counts_it(mia: Person) -> None:
    told = send(mia, *EVERYTHING)

    assert told.rejected_spans == 0
    for what in ("1 input,", "1 message to or from a model,", "1 event,", "2 links,", "1 message of a status."):
        assert what in told.error_message
    counted = dict(DropCount.objects.filter(project=mia.project, door="otlp").values_list("what", "count"))
    assert counted == {
        "documents": 1,
        "inputs": 1,
        "messages": 1,
        "events": 1,
        "links": 2,
        "status_messages": 1,
    }


def test_it_rejects_spans_without_ids_and_takes_the_others(mia: Person) -> None:
    told = send(mia, agent(1), tool(0, 1), model(2, 1, trace="0" * 32))

    assert told.rejected_spans == 2
    assert "2 spans that have no valid ids" in told.error_message
    assert steps(mia, runs(mia)["trace"]) == []


@pytest.mark.parametrize("ids", [("zz" * 16, span_id(1)), (TRACE[:-1], span_id(1)), (TRACE, "ab"), (None, None)])
def test_it_rejects_ids_in_json_that_are_none(mia: Person, ids: tuple[Any, Any]) -> None:
    body = as_json(agent(1))
    span = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["traceId"], span["spanId"] = ids

    answer = post(mia, json.dumps(body).encode(), JSON).json()
    assert answer["partialSuccess"]["rejectedSpans"] == "1"


@pytest.mark.parametrize("at", [-3 * YEAR, 2 * YEAR / 366, YEAR * 400])
def test_it_rejects_clocks_that_are_far_off(mia: Person, at: float) -> None:
    told = send(mia, agent(1), tool(2, 1), model(3, 1, trace="f" * 32, at=at))

    assert told.rejected_spans == 1
    assert "1 span that began or ended before what is kept, or more than a day ahead" in told.error_message
    assert list(runs(mia)) == ["trace"]


def test_it_does_not_touch_a_run_that_is_no_trace(mia: Person) -> None:
    run = {"run_id": TRACE, "agent_id": "a", "agent_version": "1", "status": "success"}
    run["started_at"] = timezone.now().isoformat()
    assert mia.http().post("/api/v1/runs", run, content_type=JSON).status_code == 201

    told = send(mia, agent(1))
    assert (told.rejected_spans, runs(mia)["trace"].agent_id) == (1, "a")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ((in_protobuf(agent(1))[:-3], PROTOBUF, ""), 400, "invalid_protobuf"),
        ((b"\xff" * 100, PROTOBUF, ""), 400, "invalid_protobuf"),
        ((in_json(agent(1))[:-3], JSON, ""), 400, "invalid_json"),
        ((b"[]", JSON, ""), 400, "invalid_json"),
        ((b'{"resourceSpans": {"a": "secret"}}', JSON, ""), 400, "invalid_json"),
        ((b"[" * 100_000, JSON, ""), 400, "invalid_json"),
        ((b'{"resourceSpans": "\xed\xa0\x80"}', JSON, ""), 400, "invalid_json"),
        ((gzip.compress(in_protobuf(agent(1)))[:-6], PROTOBUF, "gzip"), 400, "invalid_gzip"),
        ((b"no gzip", JSON, "gzip"), 400, "invalid_gzip"),
        ((in_protobuf(agent(1)), PROTOBUF, "br"), 415, "unsupported_encoding"),
        ((in_protobuf(agent(1)), "text/plain", ""), 415, "unsupported_media_type"),
        ((b"x" * (settings.MAX_LARGE_BODY_BYTES + 1), PROTOBUF, ""), 413, "body_too_large"),
        ((gzip.compress(b"\0" * (100 * 1024 * 1024), 9), PROTOBUF, "gzip"), 413, "body_too_large"),
    ],
)
def test_it_refuses_in_the_requests_encoding(mia: Person, sent: tuple[bytes, str, str], status: int, code: str) -> None:
    body, content_type, encoding = sent
    headers = {"Content_Encoding": encoding} if encoding else {}
    response = post(mia, body, content_type, **headers)

    assert response.status_code == status
    if content_type == PROTOBUF:
        assert response["Content-Type"] == PROTOBUF
        number, message = grpc_status(response.content)
    else:
        assert response["Content-Type"] == JSON
        number, message = response.json()["code"], response.json()["message"]
    assert (number, message.endswith(f"({code})")) == (3, True)
    assert "secret" not in message
    assert "Retry-After" not in response
    assert not Run.objects.exists()


def test_it_holds_a_bomb_to_its_limit(mia: Person) -> None:
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(b"\0" * (1 << 20)) for _ in range(300)) + bomb.flush()

    assert post(mia, packed, Content_Encoding="gzip").status_code == 413


def test_it_refuses_who_shows_no_key(mia: Person) -> None:
    for client, number, code in (
        (Client(), 16, "not_authenticated"),
        (Client(headers={"Authorization": "Bearer nobody's"}), 16, "invalid_key"),
        (mia.browser(), 16, "not_authenticated"),
    ):
        response = client.post(URL, in_protobuf(agent(1)), content_type=PROTOBUF)
        assert response.status_code == 401
        assert response["WWW-Authenticate"]
        told = grpc_status(response.content)
        assert (told[0], told[1].endswith(f"({code})")) == (number, True)


def test_it_refuses_who_may_not_write(vic: Person) -> None:
    response = post(vic, in_json(agent(1)), JSON)

    assert (response.status_code, response.json()["code"]) == (403, 7)
    assert not Run.objects.exists()


def test_it_takes_the_key_from_either_header(mia: Person) -> None:
    response = Client(headers={"X-API-Key": mia.key}).post(URL, in_protobuf(agent(1)), content_type=PROTOBUF)
    assert response.status_code == 200
    assert list(runs(mia)) == ["trace"]


def test_it_is_asked_by_post_alone(mia: Person) -> None:
    response = mia.http().get(URL)

    assert (response.status_code, response["Allow"], response.json()["code"]) == (405, "POST", 12)


def test_it_says_when_to_come_again_while_the_database_is_away(mia: Person) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("secret")

    with connection.execute_wrapper(away):
        response = post(mia, in_protobuf(agent(1)))
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert grpc_status(response.content) == (14, "The database does not answer just now. (database_unavailable)")


def test_it_keeps_projects_apart(mia: Person, stranger: Person) -> None:
    send(mia, agent(1, "ours"))
    send(stranger, agent(1, "theirs"))

    assert {name: run.agent_id for name, run in runs(mia).items()} == {"trace": "ours"}
    assert {name: run.agent_id for name, run in runs(stranger).items()} == {"trace": "theirs"}


def test_it_asks_little_of_the_database(mia: Person, django_assert_max_num_queries: Any) -> None:
    send(mia, agent(1))
    spans = [span for number in range(2, 60) for span in (agent(number, trace=f"{number:032x}"),)]
    body = in_protobuf(*spans)

    with django_assert_max_num_queries(16):
        post(mia, body)
