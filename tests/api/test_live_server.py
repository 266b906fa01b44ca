"""What only a real server on a real socket can show."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from assay.core.learn import next_score

from tests.api.calls import VAULT, at, make_prompt
from tests.conftest import Person
from tests.live import serving

REPORTS = 200


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path) as address:
        yield address


def raw(server: str, request: bytes) -> tuple[int, dict[str, Any] | None]:
    """Send bytes as they are; the status, and the problem when there is one."""
    host, port = server.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    is_problem = b"problem+json" in head and not request.startswith(b"HEAD")
    return int(head.split()[1]), json.loads(body) if is_problem else None


def test_it_loses_none_of_two_hundred_reports_at_once(mia: Person, server: str) -> None:
    prompt = make_prompt(mia)
    rates = [number / REPORTS for number in range(REPORTS)]

    def report(rate: float) -> dict[str, Any]:
        with closing(HTTPConnection(server.removeprefix("http://"), timeout=120)) as connection:
            headers = {"X-API-Key": mia.key, "Content-Type": "application/json"}
            connection.request("POST", at(prompt, "performance/"), json.dumps({"engagement_rate": rate}), headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return json.loads(answer.read())

    with ThreadPoolExecutor(REPORTS) as pool:
        answers = list(pool.map(report, rates))
    prompt.refresh_from_db()
    assert prompt.reports == prompt.times_used == REPORTS
    assert prompt.engagement_avg == pytest.approx(sum(rates) / REPORTS)
    history = list(prompt.history.order_by("sequence").values_list("engagement_rate", "score_before", "score_after"))
    assert sorted(rate for rate, _, _ in history) == rates
    score = 5.0
    for rate, before, after in history:
        assert before == score
        score = next_score(score, rate)
        assert after == score
    assert prompt.performance_score == score
    assert {answer["new_performance_score"] for answer in answers} == {after for _, _, after in history}


def test_it_stays_well_whatever_reaches_its_socket(mia: Person, server: str, tmp_path: Path) -> None:
    prompt = make_prompt(mia)
    key = f"Host: 127.0.0.1\r\nAuthorization: Bearer {mia.key}\r\nConnection: close\r\n".encode()
    post = b"POST " + VAULT.encode() + b" HTTP/1.1\r\nContent-Type: application/json\r\n" + key

    def code(request: bytes) -> tuple[int, str]:
        status, problem = raw(server, request)
        return status, problem["code"] if problem else ""

    assert code(post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n") == (411, "length_required")
    assert code(post + b"Content-Length: 3\r\n\r\n{}{") == (400, "invalid_json")
    assert code(post + b"Content-Length: 99999999999999999999\r\n\r\n")[0] in (400, 413)
    # Refused by its headers: the server does not wait for the rest.
    assert code(post + b"Content-Length: 20000000\r\n\r\n" + b"x" * 10_000) == (413, "body_too_large")
    assert code(post + b"Content-Length: -1\r\n\r\n")[0] == 400
    assert code(b"GET " + VAULT.encode() + b"?search=\xff\xfe HTTP/1.1\r\n" + key + b"\r\n")[0] in (200, 400)
    assert code(b"GET /api/v1/%00/ HTTP/1.1\r\n" + key + b"\r\n") == (404, "not_found")
    assert code(b"GET " + VAULT.encode() + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")[0] == 400
    garbled = b"GET /api/v1/access HTTP/1.1\r\nX-API-Key: \xff\xfe\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert code(garbled)[0] == 401
    assert raw(server, b"HEAD " + at(prompt).encode() + b" HTTP/1.1\r\n" + key + b"\r\n") == (200, None)
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log, log
    assert "ERROR" not in log, log
