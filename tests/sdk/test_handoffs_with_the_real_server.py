"""Handoffs from the SDK: sent, worked on, and what goes wrong on the way."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from assay import AssayError, AssayUnavailable
from assay.handoffs import AskBack, AsyncHandoffs, Handoff, Handoffs, Reject
from pytest_django.live_server_helper import LiveServer

from agents.models import Handoff as Row
from agents.models import HandoffEvent
from tests.conftest import Person
from tests.sdk.conftest import SDK
from tests.sdk.patience import PATIENCE
from tests.sdk.twin import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
BRIEF = {"topic": "Sourdough at home"}
LEASE = 9
"""Seconds. It is extended each third of that, and may be late by two."""


@pytest.fixture
def handoffs(live_server: LiveServer, mia: Person) -> Iterator[Handoffs]:
    with Handoffs(live_server.url, mia.key) as made:
        yield made


def send(handoffs: Handoffs, **told: Any) -> Handoff:
    return handoffs.send("RAFA", "content_brief", BRIEF, **({"from_agent": "NOVA"} | told))


def refused(call: Callable[[], Any]) -> AssayError:
    with pytest.raises(AssayError) as error:
        call()
    return error.value


def test_it_goes_from_hand_to_hand(handoffs: Handoffs) -> None:
    deadline = datetime.now(UTC) + timedelta(hours=1)
    sent = send(handoffs, priority="HIGH", deadline=deadline, run_id="run-1")
    assert (sent.status, sent.priority, sent.deadline, sent.chain) == ("PENDING", "HIGH", deadline, ["NOVA", "RAFA"])
    waiting = handoffs.pending("RAFA")
    assert [each.task_id for each in waiting] == [sent.task_id]
    assert waiting.retry_after == 1

    taken = handoffs.confirm(sent, worker="one", lease_seconds=60)
    assert taken.lease is not None
    assert taken.lease.worker == "one"
    error = refused(lambda: handoffs.confirm(sent, worker="two"))
    assert (error.code, error.status) == ("already_confirmed", 409)
    assert error.extra["handoff"]["worker"] == "one"

    longer = handoffs.extend(taken, lease_seconds=600).lease
    assert longer is not None
    assert longer.until > taken.lease.until
    done = handoffs.complete(taken, {"text": "Flour."})
    assert not done.late
    found = handoffs.get(sent.task_id)
    assert found == done.handoff
    assert found.result is not None
    assert found.result.result == {"text": "Flour."}
    assert handoffs.complete(taken, {"text": "Water."}).late


def test_every_other_way_it_can_go(handoffs: Handoffs) -> None:
    one = send(handoffs)
    asked = handoffs.request_input(handoffs.confirm(one), "For whom?")
    assert (asked.status, asked.inputs[0].question) == ("INPUT_REQUIRED", "For whom?")
    assert handoffs.answer(one, ["beginners"]).inputs[0].answer == ["beginners"]
    handoffs.request_input(handoffs.confirm(one), "By when?")
    said = handoffs.answer(one, None).inputs[1]
    assert (said.answer, said.answered_at is not None) == (None, True)
    assert handoffs.reassign(one, "REX").to_agent == "REX"
    again = handoffs.fail(handoffs.confirm(one), reason="Down.", code="model_down", retry=True)
    assert (again.status, again.attempt) == ("PENDING", 2)
    assert handoffs.fail(handoffs.confirm(one), code="model_down").status == "FAILED"
    assert handoffs.reject(send(handoffs), reason="No.", code="out_of_scope").reason_code == "out_of_scope"
    assert handoffs.cancel(send(handoffs)).status == "CANCELED"


def test_what_the_server_refuses_is_raised_with_its_code(handoffs: Handoffs, live_server: LiveServer) -> None:
    error = refused(lambda: handoffs.send("RAFA", "content_brief", {"mood": 1}, from_agent="NOVA"))
    assert error.code == "invalid_payload"
    assert {each.pointer for each in error.errors} == {"/payload/mood", "/payload/topic"}
    first = send(handoffs)
    loop = refused(lambda: handoffs.send("NOVA", "content_brief", BRIEF, from_agent="RAFA", parent=first))
    assert (loop.code, loop.extra["chain"]) == ("handoff_loop", ["NOVA", "RAFA", "NOVA"])
    assert refused(lambda: handoffs.get("TASK-00000000")).code == "not_found"
    assert refused(lambda: handoffs.send("RAFA", "content_brief", {"topic": object()})).code == "invalid_json"
    assert refused(lambda: send(handoffs, deadline=datetime.now())).code == "invalid_time"
    with Handoffs(live_server.url, "wrong") as stranger:
        assert refused(lambda: stranger.pending("RAFA")).code == "invalid_key"
        assert "wrong" not in repr(stranger)


def test_a_request_is_repeated_and_happens_once(live_server: LiveServer, mia: Person) -> None:
    """The server does it, and its answer is lost."""
    with Handoffs(live_server.url, mia.key) as handoffs:
        lost: list[httpx.Request] = []

        def lose(response: httpx.Response) -> None:
            if not lost:
                lost.append(response.request)
                raise httpx.ReadError("gone")

        handoffs._http.event_hooks = {"response": [lose]}
        sent = send(handoffs)
        assert len(lost) == 1
        lost.clear()
        taken = handoffs.confirm(sent, worker="one")
        assert taken.status == "IN_PROGRESS"
    assert Row.objects.count() == 1
    assert HandoffEvent.objects.filter(action="confirmed").count() == 1


def test_a_dead_server_is_told_as_such() -> None:
    with Handoffs("http://127.0.0.1:9", "key", retries=1, timeout=0.5) as handoffs:
        with pytest.raises(AssayUnavailable, match="ConnectError"):
            handoffs.pending("RAFA")
        assert handoffs.work("RAFA", lambda _: None, until_idle=True) == 0


def test_work_is_done_turned_down_asked_back_and_tried_again(handoffs: Handoffs) -> None:
    topics = ("good", "nothing", "not mine", "vague", "broken", "endless", "no JSON", "no number")
    sent = {topic: handoffs.send("RAFA", "content_brief", {"topic": topic}, max_attempts=2) for topic in topics}

    def do(handoff: Handoff) -> Any:
        match handoff.payload["topic"]:
            case "not mine":
                raise Reject("No.", code="out_of_scope")
            case "vague":
                raise AskBack("For whom?")
            case "broken":
                raise ValueError("Too hot.\0")
            case "endless":
                return "x" * 2_000_000
            case "no JSON":
                return object()
            case "no number":
                return {"score": float("nan")}
            case "nothing":
                return None
        return {"text": "Done."}

    assert handoffs.work("RAFA", do, worker="one", until_idle=True) == 2
    now = {topic: handoffs.get(each) for topic, each in sent.items()}
    assert {topic: each.status for topic, each in now.items()} == {
        "good": "COMPLETED",
        "nothing": "COMPLETED",
        "not mine": "REJECTED",
        "vague": "INPUT_REQUIRED",
        "broken": "FAILED",
        "endless": "FAILED",
        "no JSON": "FAILED",
        "no number": "FAILED",
    }
    assert [now[topic].attempt for topic in ("broken", "endless", "no JSON", "no number")] == [2, 2, 2, 2]
    nothing = now["nothing"].result
    assert nothing is not None
    assert (nothing.result, nothing.attempt, nothing.worker) == (None, 1, "one")
    for topic, why in (("no JSON", "TypeError"), ("no number", "a number in it is not finite")):
        assert (now[topic].reason_code, now[topic].reason) == ("invalid_json", f"This cannot be sent as JSON: {why}.")
    # What an exception says stays where it was raised: it may hold anything.
    assert (now["broken"].reason, now["broken"].reason_code) == ("", "ValueError")
    assert now["endless"].reason_code == "result_too_large"


def ends(handoff: Handoff) -> set[datetime]:
    """When its lease ends, empty where nobody has it."""
    return {handoff.lease.until} if handoff.lease is not None else set()


def test_a_lease_is_held_while_the_work_goes_on(handoffs: Handoffs) -> None:
    sent = send(handoffs, lease_seconds=LEASE)

    def do(handoff: Handoff) -> str:
        known = ends(handoff)
        assert wait_until(lambda: known.update(ends(handoffs.get(handoff))) or len(known) > 2)
        return "Slow."

    assert handoffs.work("RAFA", do, until_idle=True) == 1
    assert (handoffs.get(sent).status, handoffs.get(sent).attempt) == ("COMPLETED", 1)


def test_it_stops_when_told(handoffs: Handoffs) -> None:
    stop = threading.Event()
    send(handoffs)
    send(handoffs)

    def do(handoff: Handoff) -> str:
        stop.set()
        return "One."

    assert handoffs.work("RAFA", do, stop=stop) == 1
    assert len(handoffs.pending("RAFA")) == 1


def test_it_works_from_asyncio(live_server: LiveServer, mia: Person) -> None:
    async def go() -> None:
        async with AsyncHandoffs(live_server.url, mia.key) as handoffs:
            sent = await asyncio.gather(
                *(handoffs.send("RAFA", "content_brief", BRIEF, from_agent="NOVA") for _ in range(3))
            )
            first = await handoffs.confirm(sent[0], worker="one")
            done = await handoffs.complete(first, None)
            assert not done.late
            assert done.handoff.result is not None
            assert done.handoff.result.result is None
            asked: list[str] = []

            async def do(handoff: Handoff) -> str:
                if not asked:
                    asked.append(handoff.task_id)
                    raise AskBack("For whom?")
                if handoff.task_id in asked:
                    return "For all."
                known = ends(handoff)
                async with asyncio.timeout(PATIENCE):
                    while len(known) < 3:
                        await asyncio.sleep(0.1)
                        known.update(ends(await handoffs.get(handoff)))
                return "Another."

            assert await handoffs.work("RAFA", do, lease_seconds=LEASE, until_idle=True) == 1
            assert (await handoffs.get(asked[0])).status == "INPUT_REQUIRED"
            await handoffs.answer(asked[0], "all")
            assert await handoffs.work("RAFA", do, until_idle=True) == 1
            with pytest.raises(AssayError, match="not_found"):
                await handoffs.get("TASK-00000000")
            assert await handoffs.pending("RAFA") == []

    asyncio.run(go())


def test_the_example_does_what_it_says(live_server: LiveServer, mia: Person) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SDK), "ASSAY_URL": live_server.url, "ASSAY_KEY": mia.key}
    command = [sys.executable, str(SDK / "examples" / "handoffs.py")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=5 * PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "result: Sourdough at home, for beginners." in ended.stdout
    assert "INPUT_REQUIRED - For whom is it?" in ended.stdout
    assert "result: Rye, for bakers." in ended.stdout
    assert "handoff_loop: The chain comes back to where it was: NOVA → RAFA → NOVA." in ended.stdout
