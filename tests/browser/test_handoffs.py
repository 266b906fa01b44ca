"""Handoffs in a real browser: every page in every state, and what a person does with them."""

import pytest
from playwright.sync_api import Browser, expect

from agents.handoffs.cancel_handoff import cancel_handoff
from agents.models import Agent, AgentMemory, Handoff, PayloadType
from sentinel.access import access_of_installation
from tests.admin.exchange import make_exchange, page_of
from tests.agents.handing import hand_over
from tests.browser.conftest import visit
from tests.browser.test_every_page import keep
from tests.conftest import Person, make_person
from vault.models import Prompt

BOARD, LIST, ADD = "/admin/agents/handoff/", "/admin/agents/handoff/list/", "/admin/agents/handoff/add/"

LOOKED_AT_MOST = ("board", "asking", "chained", "late", "agent", "new", "overview")


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
    for width, theme in ((1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")):
        visitor = visit(chromium, site, width, theme)
        visitor.log_in("root")
        # Every page wide and narrow, light and dark; what is looked at most both ways.
        again = (width, theme) in ((1280, "dark"), (390, "light"))
        for name, path in pages.items():
            if again and name not in LOOKED_AT_MOST:
                continue
            visitor.go(path)
            wrong[name, width, theme] = visitor.examine()
            keep(visitor, f"handoff-{name}-{width}-{theme}")
        visitor.page.context.close()
    assert {page: told for page, told in wrong.items() if told} == {}


def test_it_answers_reassigns_cancels_and_hands_over_again(
    chromium: Browser, site: str, exchange: dict[str, Handoff]
) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    visitor.go(BOARD)
    page.locator("#board-INPUT_REQUIRED").get_by_role("link", name="A post about gluten").click()
    page.get_by_label("Your answer").fill("That is for the doctor to say.")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("region", name="Where it stands")).to_contain_text("It waits for RAFA.")
    expect(page.locator(".as-timeline")).to_contain_text("root answered")

    page.get_by_label("The agent that it is given to").select_option("REX")
    page.get_by_label("Why, for the timeline").fill("Rafa is ill.")
    page.get_by_role("button", name="Reassign").click()
    expect(page.get_by_role("region", name="Where it stands")).to_contain_text("It waits for REX.")
    expect(page.locator(".as-timeline")).to_contain_text("Rafa is ill.")

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel it").click()
    assert Handoff.objects.get(pk=exchange["asking"].pk).status == "PENDING"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("region", name="Where it stands")).to_contain_text("It was called off.")

    page.get_by_role("link", name="Hand it over again").click()
    expect(page.get_by_label("topic")).to_have_value("A post about gluten")
    page.get_by_label("topic").fill("")
    page.get_by_role("button", name="Hand it over").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_label("topic").fill("A post about rye")
    page.get_by_role("radio", name="High").check()
    page.get_by_role("button", name="Hand it over").click()
    expect(page.get_by_role("heading", name="A post about rye")).to_be_visible()
    assert visitor.examine() == []


CUT_OFF = """
    () => [...document.querySelectorAll(".as-jump .as-chip")]
        .filter((it) => it.scrollWidth > it.clientWidth + 1 || it.getBoundingClientRect().right > window.innerWidth)
        .map((it) => it.innerText)
"""


def test_it_leads_to_each_column_on_a_phone(chromium: Browser, site: str, exchange: dict[str, Handoff]) -> None:
    mia: Person = make_person("mo", exchange["waiting"].project, "admin")
    for number in range(30):
        hand_over(mia, payload={"topic": f"Number {number}"})
    visitor = visit(chromium, site, 390, "light")
    visitor.log_in("root")
    visitor.go(BOARD)
    assert visitor.page.evaluate(CUT_OFF) == []
    keep(visitor, "handoff-board-jump-390-light")
    visitor.page.locator(".as-jump").get_by_text("Input required 1").click()
    expect(visitor.page.locator("#board-INPUT_REQUIRED h3")).to_be_in_viewport()
    assert visitor.page.evaluate(
        "document.querySelector('#board-INPUT_REQUIRED h3').getBoundingClientRect().top"
        " >= document.querySelector('.as-jump').getBoundingClientRect().bottom"
    )
    assert visitor.examine() == []


def test_it_keeps_what_is_unfolded_while_it_reads_what_is_open_again(
    chromium: Browser, site: str, exchange: dict[str, Handoff]
) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    visitor.go(BOARD)
    page.locator("summary", has_text="Completed").click()
    expect(page.get_by_role("link", name="A caption for Sunday")).to_be_visible()
    expect(page.locator("#board-PENDING")).to_contain_text("Three captions for the plum cake")
    cancel_handoff(access=access_of_installation(exchange["waiting"].project), handoff=exchange["waiting"])
    page.evaluate("htmx.trigger(document.querySelector('[hx-select-oob]'), 'refresh')")
    expect(page.locator("#board-PENDING")).not_to_contain_text("Three captions for the plum cake")
    expect(page.locator("#count-CANCELED")).to_have_text("2")
    expect(page.get_by_role("link", name="A caption for Sunday")).to_be_visible()
    assert visitor.examine() == []
