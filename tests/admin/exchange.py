"""Handoffs in every state that a page may have to show."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from agents.handoffs.answer_handoff import answer_handoff
from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.fail_handoff import fail_handoff
from agents.handoffs.reassign_handoff import reassign_handoff
from agents.handoffs.reject_handoff import reject_handoff
from agents.handoffs.request_input import request_input
from agents.handoffs.tidy_handoffs import tidy_handoffs
from agents.models import Handoff
from agents.models.handoff_states import Priority
from agents.remember import remember
from tests.agents.handing import again, agent, hand_over, let_pass
from tests.conftest import Person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GOAL = {
    "objective": "Win back the three bakeries that stopped ordering in October",
    "background": "They ordered weekly since spring.\nTwo of them changed their owner; the third wrote that deliveries"
    " came late.",
    "success_criteria": ["Two of three order again by January", "We know why the third does not"],
    "budget_usd": 1250.5,
    "due": "2026-12-15",
}
ALERT = {
    "title": "An API key was used from two countries within a minute",
    "severity": "high",
    "summary": "The key of the shop's website.",
    "affected": ["website", "bakery"],
    "contained": False,
}
CHURN = {"client_id": "brotzeit-gmbh", "client_name": "Brotzeit GmbH", "risk": 0.82, "signals": ["no order in 6 weeks"]}
BRIEF = {
    "topic": "Rye bread for people who bake for the first time",
    "audience": "Beginners",
    "platform": "instagram",
    "key_points": ["One bowl", "No kneading", "A cold night in the fridge"],
    "max_length": 2200,
}


def taken(person: Person, worker: str = "rafa-7f", **fields: Any) -> Handoff:
    return confirm_handoff(access=person.access, handoff=hand_over(person, **fields), worker=worker)


def in_time(span: timedelta) -> Any:
    return timezone.now() + span


def make_exchange(person: Person) -> dict[str, Handoff]:
    """One of each; in one context the work went NOVA → ATLAS → RAFA."""
    access = person.access
    goal: Any = {"task_type": "strategic_delegation", "payload": GOAL}
    first = confirm_handoff(access=access, handoff=hand_over(person, "ATLAS", context_id="winter-2026", **goal))
    made = {
        "first": first,
        "chained": hand_over(person, giver="ATLAS", payload=BRIEF, parent=first, run_id="run-81", trace_id="ab" * 16),
        "waiting": hand_over(person, payload={"topic": "Three captions for the plum cake"}),
        "low": hand_over(person, payload={"topic": "Tidy the tags of old posts"}, priority=Priority.LOW),
        "urgent": hand_over(
            person, "SENTINEL", None, task_type="security_alert", payload=ALERT, priority=Priority.URGENT
        ),
        "near": hand_over(
            person,
            "ANCHOR",
            task_type="churn_intervention",
            payload=CHURN,
            priority=Priority.HIGH,
            deadline=in_time(2 * HOUR),
        ),
        "working": taken(person, payload={"topic": "A newsletter about the new ovens"}, priority=Priority.HIGH),
        "lapsed": taken(person, payload={"topic": "Why sourdough takes its time"}),
        "exhausted": taken(person, payload={"topic": "A headline for the fair"}, max_attempts=1),
        "passed": hand_over(person, payload={"topic": "An Advent calendar of small breads"}, deadline=in_time(HOUR)),
        "asking": taken(person, payload=BRIEF | {"topic": "A post about gluten"}),
        "answered": taken(person, payload={"topic": "The story of the mill"}),
        "completed": taken(person, payload={"topic": "A caption for Sunday"}),
        "late": taken(person, payload={"topic": "A text for the window"}),
        "rejected": hand_over(person, "REX", payload={"topic": "A discount for everybody"}),
        "failed": taken(person, payload={"topic": "A film of the dough rising"}),
        "canceled": hand_over(person, payload={"topic": "A post about the old oven"}),
        "expired": hand_over(person, payload={"topic": "Happy Halloween"}, deadline=in_time(HOUR)),
        "reassigned": hand_over(person, "REX", payload={"topic": "Offer for the hotel at the lake"}),
    }
    reassign_handoff(
        access=access, handoff=made["reassigned"], to_agent=agent(person, "RAFA"), reason="Rex is on holiday."
    )
    question = "May the post name celiac disease, or is that for the doctor to say?"
    request_input(access=access, handoff=made["asking"], question=question, worker="rafa-7f")
    asked = {"question": "Which of the two mills?", "choices": ["Upper mill", "Lower mill"]}
    request_input(access=access, handoff=made["answered"], question=asked, worker="rafa-7f")
    answer_handoff(access=access, handoff=made["answered"], answer="The lower mill: the upper one burned down.")
    complete_handoff(
        access=access, handoff=made["completed"], result={"text": "Sunday, and the rolls are warm.", "tone": "warm"}
    )
    reject_handoff(
        access=access, handoff=made["rejected"], reason="Nobody may promise that.", reason_code="not_allowed"
    )
    fail_handoff(
        access=access, handoff=made["failed"], reason="The camera gave no picture.", reason_code="tool_unavailable"
    )
    let_pass(made["expired"], 3 * HOUR)
    let_pass(made["late"], HOUR)
    tidy_handoffs()
    retaken = confirm_handoff(access=access, handoff=made["late"], worker="rafa-9c")
    complete_handoff(
        access=access, handoff=retaken, result={"text": "Warm bread, open door."}, lease_id=retaken.lease_id
    )
    complete_handoff(access=access, handoff=made["late"], result="Come in.", lease_id=made["late"].lease_id)
    cancel_handoff(access=access, handoff=made["canceled"], reason="The old oven was sold.")
    for name, span in [("lapsed", HOUR), ("exhausted", HOUR), ("passed", 2 * HOUR), ("near", HOUR + 42 * MINUTE)]:
        let_pass(made[name], span)
    remember(
        access=access,
        agent=agent(person, "RAFA"),
        kind="preference",
        key="tone of the bakery",
        value={"tone": "warm", "never": ["artisan", "handcrafted with love"]},
    )
    return {name: again(handoff) for name, handoff in made.items()}


def page_of(handoff: Handoff) -> str:
    return reverse("admin:agents_handoff_change", args=[handoff.pk])


def action_of(handoff: Handoff, name: str) -> str:
    return reverse(f"admin:agents_handoff_{name}", args=[handoff.pk])
