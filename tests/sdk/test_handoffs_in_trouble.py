"""A worker of handoffs, while the server is dead, busy or broken, and while what it works for is unfit to be sent."""

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from assay import AssayError
from assay.handoffs import AskBack, AsyncHandoffs, Handoff, Handoffs, Reject

from tests.sdk.twin import wait_until

SECRET = "what nobody meant to hand over"
Answer = tuple[int, dict[str, Any] | bytes]


class Exchange:
    """A server of handoffs that answers by its contract, unless it is told to answer otherwise.

    `waiting` are the topics that wait for RAFA, the most urgent first; `told` is what came of each, as (move, body);
    `instead` holds answers by move, the next one first, that take the place of the right ones.
    """

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.instead: dict[str, list[Answer]] = {}
        self.ports: list[int] = []
        self.keys: list[str] = []
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                exchange.answer(self, "pending", {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                exchange.keys.append(self.headers["Idempotency-Key"])
                exchange.answer(self, self.path.rstrip("/").rsplit("/", 1)[1], body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, move: str, body: dict[str, Any]) -> None:
        self.ports.append(handler.client_address[1])
        if self.instead.get(move):
            status, content = self.instead[move].pop(0)
        else:
            status, content = 200, self.do(move, handler.path, body)
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        handler.send_header("Content-Length", str(len(encoded)))
        handler.send_header("Retry-After", "0")
        handler.end_headers()
        handler.wfile.write(encoded)

    def do(self, move: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if move == "pending":
            return {"results": [shown(topic) for topic in self.waiting]}
        self.told.append((move, body))
        topic = path.split("/handoff/")[1].split("/", maxsplit=1)[0]
        if move == "confirm":
            self.waiting.remove(topic)
        return {"late": False, "late_reason": "", "handoff": shown(topic)} if move == "complete" else shown(topic)

    def moves(self) -> list[str]:
        return [move for move, _ in self.told]


def shown(topic: str) -> dict[str, Any]:
    now = "2026-11-01T12:00:00Z"
    codes = {"context_id": "c", "from_agent": "NOVA", "to_agent": "RAFA", "task_type": "content_brief"}
    numbers = {"payload_version": 1, "attempt": 1, "max_attempts": 3, "hop_count": 1, "lease_seconds": 300}
    rest = {"payload": {"topic": topic}, "priority": "NORMAL", "status": "PENDING", "chain": ["NOVA"]}
    lease = {"id": "01a1f870-0000-7000-8000-000000000001", "worker": "one", "until": now}
    return {"task_id": topic, "created_at": now, "lease": lease} | codes | numbers | rest


def problem(status: int, code: str = "made_up") -> Answer:
    return status, {"code": code, "detail": f"No: {SECRET}.", "status": status}


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    # Who is to try again does so soon, and has all the time that a lease lasts.
    monkeypatch.setattr("assay.handoffs.answers.ASKED_AGAIN_AFTER", 0.1)
    made = Exchange()
    yield made
    made.server.shutdown()
    made.server.server_close()


Work = Callable[..., int]


@pytest.fixture(params=["sync", "async"])
def work(request: pytest.FixtureRequest, exchange: Exchange) -> Work:
    """Works off what waits, by either client, without retries of its own requests; `do` is a plain function."""

    def plainly(do: Callable[[Handoff], Any], **given: Any) -> int:
        with Handoffs(exchange.url, "key", retries=0) as handoffs:
            return handoffs.work("RAFA", do, **given)

    def asynchronously(do: Callable[[Handoff], Any], **given: Any) -> int:
        async def do_there(handoff: Handoff) -> Any:
            return await asyncio.to_thread(do, handoff)

        async def go() -> int:
            async with AsyncHandoffs(exchange.url, "key", retries=0) as handoffs:
                return await handoffs.work("RAFA", do_there, **given)

        return asyncio.run(go())

    return plainly if request.param == "sync" else asynchronously


@pytest.mark.parametrize(
    "trouble",
    [problem(503), problem(429, "quota_exceeded"), problem(500), (502, b"<html>"), (200, b"{")],
    ids=["unavailable", "busy", "broken", "a proxy's", "garbage"],
)
def test_what_was_done_is_told_once_the_server_is_well_again(exchange: Exchange, work: Work, trouble: Answer) -> None:
    exchange.waiting = ["one"]
    exchange.instead = {"complete": [trouble] * 3}
    done: list[str] = []

    def do(handoff: Handoff) -> str:
        done.append(handoff.task_id)
        return "Done."

    assert work(do, until_idle=True) == 1
    assert done == ["one"]
    assert exchange.told[-1] == ("complete", {"result": "Done.", "lease_id": shown("one")["lease"]["id"]})
    # The same request each time: had it been done, it would not have been done twice.
    assert len(set(exchange.keys[1:])) == 1


def test_a_busy_or_broken_server_does_not_end_a_worker(exchange: Exchange, work: Work) -> None:
    exchange.waiting = ["one", "two"]
    exchange.instead = {"confirm": [problem(429), problem(500), problem(404), problem(409)]}

    assert work(lambda handoff: "Done.", until_idle=True) == 2

    exchange.instead = {"pending": [problem(429)]}
    assert work(lambda handoff: "Done.", until_idle=True) == 0


def test_a_result_too_large_for_a_proxy_is_given_up(exchange: Exchange, work: Work) -> None:
    """It says so by itself, and would again."""
    exchange.waiting = ["one"]
    exchange.instead = {"complete": [(413, b"<html>Too large</html>")]}

    assert work(lambda handoff: "Long.", until_idle=True) == 0
    assert exchange.moves() == ["confirm", "fail"]
    assert exchange.told[-1][1]["reason_code"] == "too_large"


def test_a_server_that_refuses_the_key_ends_a_worker(exchange: Exchange, work: Work) -> None:
    for move in ("pending", "confirm", "complete"):
        exchange.waiting = ["one"]
        exchange.instead = {move: [problem(401, "invalid_key")]}
        with pytest.raises(AssayError, match="invalid_key"):
            work(lambda handoff: "Done.", until_idle=True)


def test_what_comes_to_nothing_is_done(exchange: Exchange, work: Work) -> None:
    exchange.waiting = ["one"]
    assert work(lambda handoff: None, until_idle=True) == 1
    assert exchange.told[-1] == ("complete", {"result": None, "lease_id": shown("one")["lease"]["id"]})


ODD = [float("nan"), float("inf"), {"scores": [1.5, float("-inf")]}, object(), {"text": "\ud800"}]


@pytest.mark.parametrize("result", ODD, ids=["nan", "infinity", "within", "object", "half a character"])
def test_what_is_no_json_never_becomes_something_else(
    exchange: Exchange, work: Work, result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exchange.waiting = ["odd", "even"]
    assert work(lambda handoff: result if handoff.task_id == "odd" else "Done.", until_idle=True) == 1
    assert exchange.moves() == ["confirm", "fail", "confirm", "complete"]
    told = exchange.told[1][1]
    assert (told["reason_code"], told["retry"]) == ("invalid_json", True)
    assert told["reason"].startswith("This cannot be sent as JSON: ")
    assert "What odd came to is not sent: invalid_json" in caplog.text


def test_it_says_where_a_number_is_not_finite(exchange: Exchange) -> None:
    with Handoffs(exchange.url, "key") as handoffs, pytest.raises(AssayError) as error:
        handoffs.send("RAFA", "content_brief", {"a/b": [1.0, float("nan")]})
    assert (error.value.code, [each.pointer for each in error.value.errors]) == ("invalid_json", ["/payload/a~1b/1"])
    assert exchange.keys == []


@pytest.mark.parametrize("refusal", [problem(409, "conflict"), problem(415, "unsupported"), problem(422, "invalid")])
def test_a_refused_result_is_given_back_and_not_left_until_its_lease_runs_out(
    exchange: Exchange, work: Work, refusal: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    exchange.waiting = ["one"]
    exchange.instead = {"complete": [refusal], "fail": [problem(409, "conflict")]}
    assert work(lambda handoff: "Done.", until_idle=True) == 0
    assert f"one could not be told about: HTTP {refusal[0]} " in caplog.text
    assert "one could not be given back: HTTP 409 conflict" in caplog.text

    exchange.waiting = ["two"]
    exchange.instead = {"complete": [refusal]}
    assert work(lambda handoff: "Done.", until_idle=True) == 0
    move, body = exchange.told[-1]
    assert isinstance(refusal[1], dict)
    assert (move, body["reason_code"], body["retry"]) == ("fail", refusal[1]["code"], True)


@pytest.mark.parametrize("code", ["lease_lost", "wrong_status"])
def test_what_is_no_longer_with_it_is_not_given_back(exchange: Exchange, work: Work, code: str) -> None:
    exchange.waiting = ["one"]
    exchange.instead = {"reject": [problem(409, code)]}

    def do(handoff: Handoff) -> None:
        raise Reject("Not mine.")

    assert work(do, until_idle=True) == 0
    assert exchange.moves() == ["confirm"]


def test_a_result_that_is_still_on_its_way_is_told_again(exchange: Exchange, work: Work) -> None:
    exchange.waiting = ["one"]
    exchange.instead = {"complete": [problem(409, "idempotency_key_in_use")] * 2}
    assert work(lambda handoff: "Done.", until_idle=True) == 1


@pytest.mark.parametrize("code", ["two words", object()], ids=["words", "object"])
def test_work_that_is_turned_down_stays_so_without_a_code(
    exchange: Exchange, work: Work, code: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exchange.waiting = ["one"]

    def do(handoff: Handoff) -> None:
        raise Reject("Not mine.", code=code)

    assert work(do, until_idle=True) == 0
    move, body = exchange.told[-1]
    assert (move, body["reason"], body["reason_code"]) == ("reject", "Not mine.", "")
    assert "one is rejected without its code" in caplog.text


UNFIT = [AskBack(object()), Reject(object())]  # type: ignore[arg-type]


@pytest.mark.parametrize("error", UNFIT, ids=["question", "reason"])
def test_what_is_no_json_is_given_back_and_the_worker_goes_on(exchange: Exchange, work: Work, error: Exception) -> None:
    exchange.waiting = ["odd", "even"]

    def do(handoff: Handoff) -> str:
        if handoff.task_id == "odd":
            raise error
        return "Done."

    assert work(do, until_idle=True) == 1
    assert exchange.moves() == ["confirm", "fail", "confirm", "complete"]
    assert (exchange.told[1][1]["reason_code"], exchange.told[1][1]["retry"]) == ("invalid_json", True)


def test_what_has_become_urgent_meanwhile_comes_first(exchange: Exchange, work: Work) -> None:
    exchange.waiting = ["one", "two"]
    order: list[str] = []

    def do(handoff: Handoff) -> None:
        if not order:
            exchange.waiting.insert(0, "urgent")
        order.append(handoff.task_id)

    assert work(do, until_idle=True) == 3
    assert order == ["one", "urgent", "two"]


def test_a_lease_is_held_on_to_while_the_server_is_in_trouble(exchange: Exchange, work: Work) -> None:
    exchange.waiting = ["one"]
    exchange.instead = {"extend": [problem(503), problem(500)]}
    assert work(lambda handoff: wait_until(lambda: "extend" in exchange.moves()), lease_seconds=1, until_idle=True) == 1
    assert exchange.told[-1][1]["result"] is True


def test_nothing_that_an_exception_says_is_logged_or_told(
    exchange: Exchange, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    exchange.waiting = ["one", "two", "three"]
    exchange.instead = {
        "complete": [problem(413, "result_too_large"), problem(422, SECRET)],
        "confirm": [problem(503)],
        "extend": [problem(409, SECRET)],
    }
    spoken = type(f"{SECRET}.", (KeyError,), {})

    def do(handoff: Handoff) -> str:
        if handoff.task_id == "three":
            raise spoken(SECRET, os.getcwd())
        return "Done."

    caplog.set_level(logging.DEBUG, "assay")
    work(do, until_idle=True)

    failures = [body for move, body in exchange.told if move == "fail"]
    assert [body["reason"] for body in failures] == ["", "", ""]
    assert [body["reason_code"] for body in failures] == ["result_too_large", "unnamed", "KeyError"]
    assert "result_too_large" in caplog.text
    assert "nobody" not in caplog.text
    assert "nobody" not in json.dumps(exchange.told)
    assert os.getcwd() not in caplog.text


@pytest.mark.parametrize("key", ["", " a", "a\n", "naïve", "x" * 201, 1])
def test_it_says_which_idempotency_key_it_cannot_take(exchange: Exchange, key: Any) -> None:
    with Handoffs(exchange.url, "key") as handoffs, pytest.raises(AssayError, match="invalid_idempotency_key"):
        handoffs.send("RAFA", "content_brief", {}, idempotency_key=key)
    assert exchange.keys == []


@pytest.mark.parametrize("retries", [-1, 1.5, True, None])
def test_it_says_which_retries_it_cannot_be_made_with(retries: Any) -> None:
    for kind in (Handoffs, AsyncHandoffs):
        with pytest.raises(AssayError, match="invalid_options"):
            kind("http://127.0.0.1:9", "key", retries=retries)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="No forks here.")
def test_a_forked_child_speaks_for_itself(exchange: Exchange) -> None:
    """On its parent's connection it would read what is meant for its parent."""
    with Handoffs(exchange.url, "key") as handoffs:
        handoffs.pending("RAFA")
        child = os.fork()
        if not child:
            try:
                handoffs.pending("RAFA")
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        handoffs.pending("RAFA")

    first, of_child, last = exchange.ports
    assert first == last
    assert of_child != first
