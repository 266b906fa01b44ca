"""Spans may come in any order, in any number of pieces, and more than once: what is stored is the same."""

import random
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.otlp.assemble import assemble
from agents.otlp.span import Chosen, Span
from agents.otlp.take_apart import merge
from tests.agents.spans import TRACE, Sent, agent, everything, model, send, span_id, tool
from tests.conftest import Person, make_person, make_project

ERROR = 2
IDS = [span_id(number) for number in range(1, 10)]


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """A span of a small trace: parents may be missing, circular, or the span itself; ids may come twice."""
    own = draw(st.sampled_from(IDS))
    parent = draw(st.sampled_from([None, *IDS]))
    parent = None if parent == own else parent
    kind = draw(st.sampled_from(["agent", "agent", "model", "tool", "retrieve", "plan", "validate", "other"]))
    started = draw(st.integers(1, 20))
    # One that ended before it began has ended the microsecond before.
    took = draw(st.sampled_from([None, -1, 0, 3, 20_000_000]))
    failed = draw(st.booleans())
    return Span(
        span_id=own,
        parent_id=parent,
        remote_parent=parent is not None and draw(st.booleans()),
        kind=kind,
        name=None if kind == "agent" else draw(st.sampled_from(["a", "b"])),
        started=started,
        ended=None if took is None else started + took,
        failed=failed,
        code=draw(st.sampled_from(["x", "timeout"])) if failed else None,
        agent=draw(st.sampled_from(["A", "B"] if kind == "agent" else [None, "A", "S"])),
        agent_version="1" if kind == "agent" else None,
        session=draw(st.sampled_from([None, "s", "t"])),
        service=draw(st.sampled_from(["S", "T"])),
        service_version=draw(st.sampled_from(["1", "2"])),
        environment=draw(st.sampled_from(["production", "staging"])),
        model="m" if kind == "model" else None,
        tokens_in=draw(st.sampled_from([None, 5, 200_000])) if kind == "model" else None,
        cost=draw(st.sampled_from([None, 0.1, 2.0])) if kind == "model" else None,
        documents=draw(st.sampled_from([None, 0, 2])) if kind == "retrieve" else None,
        decision=draw(st.sampled_from([None, Chosen("tool_selection", "cost_optimization", "a", 0.5)])),
    )


def in_order(runs: list[Any]) -> list[str]:
    return sorted(map(repr, runs))


@settings(max_examples=400, deadline=None)
@given(st.lists(spans(), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_it_assembles_the_same_of_any_order(sent: list[Span], chance: random.Random) -> None:
    expected = in_order(assemble(TRACE, deepcopy(sent)))

    chance.shuffle(sent)
    assert in_order(assemble(TRACE, sent)) == expected


@settings(max_examples=600, deadline=None)
@given(st.lists(spans(), min_size=1, max_size=9), st.data())
def test_it_assembles_the_same_of_any_pieces(sent: list[Span], data: st.DataObject) -> None:
    expected = in_order(assemble(TRACE, deepcopy(sent)))

    sent = data.draw(st.permutations(sent))
    first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(sent))] * 2)))
    stored: list[Any] = []
    for piece in (sent[:first], sent[first:second], sent[second:], sent[:second]):
        if piece:
            stored = merge(stored, assemble(TRACE, deepcopy(piece)))
    assert in_order(stored) == expected


TREE: tuple[Sent, ...] = (
    agent(1, "outer", took=900, attributes={"gen_ai.conversation.id": "c-1"}),
    model(2, 1, at=10, attributes={"operation.cost": 0.002}),
    tool(3, 1, "ask", at=30, took=400),
    agent(4, "inner", parent=3, at=40, took=300, attributes={"gen_ai.agent.version": "7"}),
    tool(5, 4, "search", at=50, status=ERROR, exception="TimeoutError"),
    Sent(6, "GET /flour", 5, at=52, took=3),
    tool(7, 4, "search", at=70),
    model(8, 4, (20_000, 10), at=90),
    Sent(9, "look", 4, {"openinference.span.kind": "RETRIEVER", "output.value": "[]"}, at=110),
    tool(
        10, 1, "book", at=500, status=ERROR,
        attributes={"decision.type": "retry_strategy", "decision.reason_code": "backoff_required"},
    ),
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_it_stores_and_counts_the_same_of_any_pieces(mia: Person, seed: int) -> None:
    whole = make_person("wim", make_project("whole"), "member")
    send(whole, *TREE)
    expected = without_project(everything(whole))

    chance = random.Random(seed)
    waiting = list(TREE)
    # In the hour of the first piece all of it is counted; they all begin in the same one.
    chance.shuffle(waiting)
    while waiting:
        size = chance.randint(1, 4)
        piece, waiting = waiting[:size], waiting[size:]
        send(mia, *piece)
        if chance.random() < 0.3:
            send(mia, *piece)

    assert without_project(everything(mia)) == expected


def without_project(stored: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Without what names the project or hangs on which piece came first: ids."""
    own = {"project_id", "id", "run", "pk"}
    return {
        table: sorted(repr(sorted((name, value) for name, value in row.items() if name not in own)) for row in rows)
        for table, rows in stored.items()
    }


@pytest.mark.django_db
def test_it_stores_nothing_twice(mia: Person) -> None:
    send(mia, *TREE)
    before = everything(mia)

    send(mia, *TREE)
    assert everything(mia) == before
