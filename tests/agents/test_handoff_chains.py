"""What may be handed over, to whom, and how far."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.utils import timezone

from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.create_handoff import create_handoff
from agents.models import Agent, AgentMemory, Handoff, PayloadType
from agents.models.payload_types import SEEDED_TYPES
from agents.models.roster import SEEDED
from tests.agents.handing import BRIEF, agent, confirmed, hand_over, let_pass
from tests.conftest import Person


def refused(person: Person, **fields: Any) -> AssayError:
    with pytest.raises(AssayError) as error:
        hand_over(person, **fields)
    return error.value


def pointers(error: AssayError) -> list[str]:
    return [each.pointer for each in error.errors]


def test_every_project_has_the_roster_and_the_types(mia: Person, stranger: Person) -> None:
    for person in (mia, stranger):
        assert set(Agent.objects.in_project(person.project.pk).values_list("code", flat=True)) == set(SEEDED)
        types = PayloadType.objects.filter(project=person.project).values_list("name", "version")
        assert set(types) == {(name, 1) for name in SEEDED_TYPES}


def test_it_checks_the_payload_against_its_type(mia: Person) -> None:
    error = refused(mia, payload={"tone": 3, "mood": "warm", "key_points": ["a", ""]})
    assert (error.code, error.status) == ("invalid_payload", 422)
    assert sorted((each.pointer, each.code) for each in error.errors) == [
        ("/payload/key_points/1", "invalid_value"),
        ("/payload/mood", "unknown_field"),
        ("/payload/tone", "invalid_value"),
        ("/payload/topic", "required"),
    ]
    assert pointers(refused(mia, payload=["topic"])) == ["/payload"]
    assert refused(mia, payload={"topic": "x", "notes": "y" * 300_000}).status == 413


@pytest.mark.parametrize(
    ("task_type", "payload"),
    [
        ("content_brief", BRIEF | {"audience": "Beginners", "key_points": ["Patience"], "max_length": 2000}),
        ("strategic_delegation", {"objective": "Open a second shop.", "budget_usd": 20_000}),
        ("security_alert", {"title": "A key in a log", "severity": "high", "contained": False}),
        ("churn_intervention", {"client_id": "client-7", "risk": 0.8, "signals": ["No order for a month"]}),
    ],
)
def test_it_takes_each_seeded_type(mia: Person, task_type: str, payload: dict[str, Any]) -> None:
    handoff = hand_over(mia, task_type=task_type, payload=payload)
    assert (handoff.task_type, handoff.payload) == (task_type, payload)


def test_it_checks_against_the_newest_version_or_the_named_one(mia: Person) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    PayloadType.objects.create(project=mia.project, name="content_brief", version=2, schema=schema)
    assert pointers(refused(mia)) == ["/payload/topic", "/payload/title"]
    assert hand_over(mia, payload={"title": "Rye"}).payload_type.version == 2
    assert hand_over(mia, payload_version=1).payload_type.version == 1
    assert pointers(refused(mia, payload_version=3)) == ["/payload_version"]
    assert pointers(refused(mia, task_type="poem")) == ["/task_type"]


def test_it_names_each_bad_field(mia: Person) -> None:
    error = refused(mia, context_id="two words", trace_id="xyz", run_id="a b", lease_seconds=0, max_attempts=1000)
    assert set(pointers(error)) == {"/context_id", "/trace_id", "/run_id", "/lease_seconds", "/max_attempts"}
    assert refused(mia, deadline=timezone.now() - timedelta(seconds=1)).code == "deadline_passed"


def test_it_stays_within_its_project_and_with_who_is_active(mia: Person, stranger: Person) -> None:
    with pytest.raises(AssayError) as error:
        create_handoff(access=mia.access, to_agent=agent(stranger, "RAFA"), task_type="content_brief", payload=BRIEF)
    assert (error.value.code, error.value.status) == ("unknown_agent", 404)
    Agent.objects.filter(project=mia.project, code="RAFA").update(is_active=False)
    assert refused(mia).code == "agent_inactive"


def test_it_goes_on_with_the_chain_of_its_parent(mia: Person) -> None:
    first = hand_over(mia, to="ATLAS")
    second = hand_over(mia, giver="ATLAS", to="RAFA", parent=first)
    assert second.chain == ["NOVA", "ATLAS", "RAFA"]
    assert second.hop_count == 2
    assert second.context_id == first.context_id
    assert refused(mia, giver="REX", to="ANCHOR", parent=first).code == "not_yours_to_pass_on"
    assert refused(mia, giver="ATLAS", to="REX", parent=first, context_id="other").code == "another_context"


def test_it_stops_a_chain_that_comes_back(mia: Person) -> None:
    first = hand_over(mia, to="ATLAS")
    second = hand_over(mia, giver="ATLAS", to="RAFA", parent=first)
    error = refused(mia, giver="RAFA", to="NOVA", parent=second)
    assert (error.code, error.status) == ("handoff_loop", 409)
    assert "NOVA → ATLAS → RAFA → NOVA" in error.detail
    assert error.extra["chain"] == ["NOVA", "ATLAS", "RAFA", "NOVA"]
    assert refused(mia, giver="REX", to="REX").code == "handoff_loop"


def test_it_finds_the_chain_by_its_context(mia: Person) -> None:
    hand_over(mia, to="ATLAS", context_id="launch")
    second = hand_over(mia, giver="ATLAS", to="RAFA", context_id="launch")
    assert second.chain == ["NOVA", "ATLAS", "RAFA"]
    assert refused(mia, giver="RAFA", to="NOVA", context_id="launch").code == "handoff_loop"
    assert hand_over(mia, giver="RAFA", to="NOVA", context_id="another").hop_count == 1


def test_it_stops_after_ten_hops(mia: Person) -> None:
    codes = [f"A{number}" for number in range(11)]
    Agent.objects.bulk_create(Agent(project=mia.project, code=code, name=code) for code in codes)
    parent = None
    for giver, to in pairwise(codes):
        parent = hand_over(mia, giver=giver, to=to, parent=parent)
    assert parent is not None
    assert parent.hop_count == 10
    error = refused(mia, giver="A10", to="REX", parent=parent)
    assert (error.code, error.status) == ("too_many_hops", 409)
    assert "A0 → A1" in error.detail
    assert error.detail.endswith("A10 → REX.")


def test_it_comes_from_outside_too(mia: Person) -> None:
    handoff = hand_over(mia, giver=None, to="NOVA")
    assert handoff.from_agent is None
    assert handoff.chain == ["NOVA"]
    assert hand_over(mia, to="RAFA", parent=handoff).chain == ["NOVA", "RAFA"]


def test_it_is_made_once_for_one_key(mia: Person) -> None:
    first = hand_over(mia, idempotency_key="k")
    assert hand_over(mia, idempotency_key="k") == first
    assert refused(mia, idempotency_key="k", payload={"topic": "Rye"}).code == "idempotency_key_reused"
    let_pass(first, timedelta(hours=25))
    assert hand_over(mia, idempotency_key="k") != first
    assert Handoff.objects.count() == 2


def test_it_takes_another_task_id_when_one_is_taken(mia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["TASK-00000001", "TASK-00000001", "TASK-00000002"])
    monkeypatch.setattr(Handoff._meta.get_field("task_id"), "default", lambda: next(ids))
    monkeypatch.delitem(vars(Handoff._meta.get_field("task_id")), "_get_default", raising=False)
    assert [hand_over(mia).task_id for _ in range(2)] == ["TASK-00000001", "TASK-00000002"]


def test_both_agents_remember_it_and_what_came_of_it(mia: Person) -> None:
    handoff = confirmed(mia, context_id="launch")
    complete_handoff(access=mia.access, handoff=handoff, result={"text": "Flour."})
    for code in ("NOVA", "RAFA"):
        memories = AgentMemory.objects.filter(agent__code=code, key=handoff.task_id, scope="context:launch").as_of()
        remembered = {memory.kind: memory.value for memory in memories}
        assert remembered["handoff"]["payload"] == BRIEF
        assert remembered["handoff_outcome"]["status"] == "COMPLETED"
        assert remembered["handoff_outcome"]["result"] == {"text": "Flour."}
