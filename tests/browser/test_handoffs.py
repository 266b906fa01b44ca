"""Handoffs in a real browser: every page in every state, and what a person does with them."""

import pytest
from playwright.sync_api import Browser, expect

from agents.models import Agent, AgentMemory, Handoff, PayloadType
from tests.admin.exchange import make_exchange, page_of
from tests.browser.conftest import visit
from tests.browser.test_every_page import keep
from tests.conftest import Person, make_person
from vault.models import Prompt

BOARD, LIST, ADD = "/admin/agents/handoff/", "/admin/agents/handoff/list/", "/admin/agents/handoff/add/"


@pytest.fixture
def exchange(prompt: Prompt) -> dict[str, Handoff]:
    mia: Person = make_person("mia", prompt.project, "admin")
    Agent.objects.filter(project=prompt.project, code="RAFA").update(prompt=prompt)
    return make_exchange(mia)


def test_it_opens_every_page(chromium: Browser, site: str, prompt: Prompt, exchange: dict[str, Handoff]) -> None:
    rafa = Agent.objects.get(project=prompt.project, code="RAFA")
    brief = PayloadType.objects.get(project=prompt.project, name="content_brief")
    goal = PayloadType.objects.get(project=prompt.project, name="strategic_delegation")
    memory = AgentMemory.objects.filter(agent=rafa, kind="handoff_outcome").first()
    assert memory is not None
    shown = ("chained", "asking", "lapsed", "late", "rejected", "expired", "answered", "reassigned", "first")
    pages = {name: page_of(exchange[name]) for name in shown} | {
        "board": BOARD,
        "board-rafa": f"{BOARD}?agent=RAFA&priority=HIGH",
        "list": LIST,
        "list-found": f"{LIST}?state=PENDING&agent=RAFA",
        "choose": ADD,
        "new": f"{ADD}?type=strategic_delegation",
        "again": f"{ADD}?again={exchange['expired'].task_id}",
        "on": f"{ADD}?type=content_brief&after={exchange['first'].task_id}",
        "roster": "/admin/agents/agent/",
        "agent": f"/admin/agents/agent/{rafa.pk}/change/",
        "agent-edit": f"/admin/agents/agent/{rafa.pk}/edit/",
        "agent-new": "/admin/agents/agent/add/",
        "types": "/admin/agents/payloadtype/",
        "type": f"/admin/agents/payloadtype/{goal.pk}/change/",
        "type-next": f"/admin/agents/payloadtype/add/?type={brief.name}",
        "type-new": "/admin/agents/payloadtype/add/",
        "memories": "/admin/agents/agentmemory/",
        "memories-then": "/admin/agents/agentmemory/?agent=RAFA&kind=handoff&at=2026-01-01T00:00",
        "memory": f"/admin/agents/agentmemory/{memory.pk}/change/",
        "overview": "/admin/",
    }
    wrong = {}
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        visitor = visit(chromium, site, width, theme)
        visitor.log_in("root")
        for name, path in pages.items():
            visitor.go(path)
            wrong[name, width, theme] = visitor.examine()
            keep(visitor, f"handoff-{name}-{width}-{theme}")
        visitor.page.context.close()
    assert {page: told for page, told in wrong.items() if told} == {}
