"""Pieces of the same traces come at the very same time, to two processes: nothing is lost or counted twice."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agents.models import WaitingSpan
from tests.agents.spans import PROTOBUF, Sent, agent, everything, in_protobuf, model, send, tool
from tests.agents.test_otlp_order import without_project
from tests.conftest import Person, make_person, make_project
from tests.live import serving

TRACES = 25


def trace(number: int) -> list[Sent]:
    known = f"{number + 1:032x}"
    return [
        agent(1, "outer", took=500, trace=known),
        tool(2, 1, "ask", at=10, trace=known),
        Sent(3, "POST /agents", 2, at=11, trace=known),
        Sent(4, "POST /agents", 3, at=12, trace=known),
        agent(5, "inner", parent=4, at=13, trace=known),
        model(6, 5, at=14, trace=known),
        tool(7, 5, at=30, status=2, exception="TimeoutError", trace=known),
        tool(8, 5, at=50, trace=known),
    ]


@pytest.mark.django_db(transaction=True)
def test_it_stores_each_trace_once_and_whole(mia: Person, tmp_path: Path) -> None:
    whole = make_person("wim", make_project("whole"), "member")
    spans = [span for number in range(TRACES) for span in trace(number)]
    send(whole, *spans)
    expected = without_project(everything(whole))

    chance = random.Random(7)
    # Each span three times, in pieces of up to five that are shuffled among each other.
    waiting = spans * 3
    chance.shuffle(waiting)
    pieces = []
    while waiting:
        size = chance.randint(1, 5)
        pieces.append(in_protobuf(*waiting[:size]))
        waiting = waiting[size:]
    headers = {"Authorization": f"Bearer {mia.key}", "Content-Type": PROTOBUF}
    with serving(tmp_path) as address, httpx.Client(timeout=60) as client, ThreadPoolExecutor(6) as pool:
        answers = pool.map(
            lambda piece: client.post(f"{address}/otlp/v1/traces", content=piece, headers=headers), pieces
        )
        assert {answer.status_code for answer in answers} == {200}

    assert without_project(everything(mia)) == expected
    assert not WaitingSpan.objects.exists()
