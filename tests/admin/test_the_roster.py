"""The roster, payload types and memory, as a person looks at them and writes them down."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.handoffs.register_payload_type import register_payload_type
from agents.models import Agent, AgentMemory, PayloadType
from agents.remember import remember
from tests.admin.exchange import make_exchange
from tests.admin.shelf import make_prompt
from tests.agents.handing import agent, hand_over
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ROSTER, TYPES, MEMORY = "/admin/agents/agent/", "/admin/agents/payloadtype/", "/admin/agents/agentmemory/"
AGENT, TYPE, ONE_MEMORY = 10, 8, 7


def page_of(of: Agent | PayloadType | AgentMemory) -> str:
    return reverse(f"admin:agents_{of._meta.model_name}_change", args=[of.pk])


def shown(person: Person, address: str) -> str:
    answer = person.browser().get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def queries(person: Person, address: str) -> int:
    browser = person.browser()
    browser.get("/admin/vault/prompt/")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def typed(**given: Any) -> dict[str, Any]:
    fields = {"code": "PIA", "name": "Pia", "role": "Pictures", "prompt": "", "is_active": "on"}
    return {**fields, "description": "Finds pictures.", "skills": "", "tags": "", **given}


def payload_type(person: Person, name: str) -> PayloadType:
    return PayloadType.objects.filter(project=person.project, name=name).order_by("-version")[0]


def test_it_lists_agents_with_what_is_open_with_them(mia: Person) -> None:
    make_exchange(mia)
    page = shown(mia, ROSTER)
    for code in ("NOVA", "ATLAS", "RAFA", "SENTINEL", "REX", "ANCHOR"):
        assert f">{code}</a>" in page
    assert f'href="{reverse("admin:agents_handoff_changelist")}?agent=ATLAS"' in page
    assert ">1</a>" in page[page.index("?agent=ATLAS") :]


def test_it_shows_an_agent_with_what_waits_and_what_it_knows(mia: Person) -> None:
    made = make_exchange(mia)
    page = shown(mia, page_of(agent(mia, "RAFA")))
    waits = page[page.index("Open with RAFA") : page.index("What it knows")]
    assert waits.index("Why sourdough takes its time") < waits.index("Three captions for the plum cake")
    assert made["near"].payload["client_id"] not in waits
    assert "tone of the bakery" in page
    assert "never artisan" in page
    assert "Copywriting" in page
    found = shown(mia, f"{page_of(agent(mia, 'RAFA'))}?q=handcrafted+preference")
    memory = found[found.index('id="memory"') :]
    assert "tone of the bakery" in memory
    assert "handoff_outcome" not in memory
    assert "It knows nothing with these words." in shown(mia, f"{page_of(agent(mia, 'RAFA'))}?q=nowhere")


def test_it_adds_an_agent_and_changes_it(mia: Person) -> None:
    prompt = make_prompt(mia, "Picture finder")
    sent = typed(prompt=prompt.name, skills="Finding: of stock and own\r\n\r\nCutting out", tags="image, photo")
    answer: Any = mia.browser().post(f"{ROSTER}add/", sent)
    pia = agent(mia, "PIA")
    assert answer.url == page_of(pia)
    assert (pia.name, pia.prompt, pia.is_active) == ("Pia", prompt, True)
    assert pia.card == {
        "description": "Finds pictures.",
        "tags": ["image", "photo"],
        "skills": [
            {"id": "finding", "name": "Finding", "description": "of stock and own"},
            {"id": "cutting-out", "name": "Cutting out"},
        ],
    }
    page = shown(mia, page_of(pia))
    assert reverse("admin:vault_prompt_change", args=[prompt.pk]) in page
    edit = reverse("admin:agents_agent_edit", args=[pia.pk])
    form = mia.browser().get(edit).context["form"]
    assert form["skills"].value() == "Finding: of stock and own\nCutting out"
    sent = typed(code="OTHER", name="Pia P.", is_active="", prompt="", skills="Finding")
    assert mia.browser().post(edit, sent).status_code == 302
    pia.refresh_from_db()
    assert (pia.code, pia.name, pia.is_active, pia.prompt) == ("PIA", "Pia P.", False, None)
    assert pia.card["skills"] == [{"id": "finding", "name": "Finding"}]


def test_it_keeps_of_a_skill_what_the_form_does_not_show(mia: Person) -> None:
    rafa = agent(mia, "RAFA")
    before = rafa.card["skills"]
    form = mia.browser().get(reverse("admin:agents_agent_edit", args=[rafa.pk])).context["form"]
    sent = {name: form[name].value() for name in form.fields if name != "is_active"}
    mia.browser().post(reverse("admin:agents_agent_edit", args=[rafa.pk]), sent | {"is_active": "on", "tags": ""})
    rafa.refresh_from_db()
    assert rafa.card["skills"] == before
    assert before[0]["tags"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": "RAFA"}, "There is an agent"),
        ({"code": "two words"}, "A code: ASCII letters"),
        ({"name": ""}, "This field is required."),
        ({"prompt": "Nobody wrote this"}, "There is no active prompt"),
        ({"skills": "x" * 201}, "200"),
    ],
)
def test_it_says_what_is_wrong_with_an_agent(mia: Person, wrong: dict[str, str], said: str) -> None:
    answer = mia.browser().post(f"{ROSTER}add/", typed(**wrong))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Agent.objects.filter(project=mia.project).count() == 6


def test_it_takes_no_prompt_of_another_project(mia: Person, stranger: Person) -> None:
    theirs = make_prompt(stranger, "Sawmill voice")
    answer = mia.browser().post(f"{ROSTER}add/", typed(prompt=theirs.name))
    assert "There is no active prompt" in answer.content.decode()


def test_it_shows_a_type_and_registers_its_next_version(mia: Person) -> None:
    brief = payload_type(mia, "content_brief")
    page = shown(mia, page_of(brief))
    assert page.index('<code class="as-strong">topic</code>') < page.index('<code class="as-strong">audience</code>')
    assert "up to 500 characters" in page
    address = f"{TYPES}add/?type=content_brief"
    form = mia.browser().get(address).context["form"]
    schema = json.loads(form["schema"].value())
    schema["properties"]["season"] = {"type": "string", "enum": ["winter", "summer"]}
    sent = {"name": "content_brief", "description": "With a season.", "schema": json.dumps(schema)}
    answer: Any = mia.browser().post(address, sent)
    newest = payload_type(mia, "content_brief")
    assert (newest.version, answer.url) == (2, page_of(newest))
    assert "winter, summer" in shown(mia, page_of(newest))
    assert "version 2 is newer" in shown(mia, page_of(brief))
    listed = shown(mia, TYPES)
    assert page_of(newest) in listed
    assert page_of(brief) not in listed


def test_it_registers_nothing_where_nothing_differs(mia: Person) -> None:
    brief = payload_type(mia, "content_brief")
    sent = {"name": brief.name, "description": brief.description, "schema": json.dumps(brief.schema)}
    answer: Any = mia.browser().post(f"{TYPES}add/?type=content_brief", sent, follow=True)
    assert "content_brief, version 1, has this schema already" in answer.content.decode()
    assert payload_type(mia, "content_brief") == brief


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schema": "{"}, "This is no JSON"),
        ({"schema": '{"type": "object", "properties": {"a": {"$ref": "#"}}}'}, "$ref"),
        ({"name": "Two Words"}, "Lower-case letters"),
        ({"schema": ""}, "This field is required."),
    ],
)
def test_it_says_what_is_wrong_with_a_type(mia: Person, wrong: dict[str, str], said: str) -> None:
    sent = {"name": "onboarding", "description": "", "schema": '{"type": "object", "properties": {}}'} | wrong
    answer = mia.browser().post(f"{TYPES}add/", sent)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not PayloadType.objects.filter(project=mia.project).exclude(version=1, name__in=SEEDED).exists()


SEEDED = ("content_brief", "strategic_delegation", "security_alert", "churn_intervention")


def test_it_finds_memory_by_words_agent_kind_and_time(mia: Person) -> None:
    make_exchange(mia)
    rafa, now = agent(mia, "RAFA"), timezone.now()
    remember(
        access=mia.access,
        agent=rafa,
        kind="fact",
        key="oven",
        value="The old oven bakes at 240",
        valid_from=now - timedelta(days=9),
        valid_to=now - timedelta(days=5),
    )
    remember(access=mia.access, agent=rafa, kind="fact", key="oven", value="The new oven bakes at 260")

    def found(asked: str) -> tuple[bool, bool]:
        page = shown(mia, MEMORY + asked)
        return "bakes at 240" in page, "bakes at 260" in page

    assert found("?kind=fact") == (True, True)
    assert found("?kind=fact&at=now") == (False, True)
    assert found(f"?kind=fact&at={now - timedelta(days=6):%Y-%m-%dT%H:%M}") == (True, False)
    assert found("?kind=fact&at=2001-01-01T00:00") == (False, False)
    assert found("?at=yesterday&kind=fact") == (True, True)
    assert found("?q=bakes+260") == (False, True)
    assert found("?kind=fact&agent=NOVA") == (False, False)
    assert 'type="datetime-local"' in shown(mia, MEMORY)


def test_it_shows_what_was_known_before_and_what_replaced_it(mia: Person) -> None:
    rafa = agent(mia, "RAFA")
    fact: Any = {"access": mia.access, "agent": rafa, "kind": "fact", "key": "oven"}
    old = remember(**fact, value={"degrees": 240, "note": "<b>old</b>"})
    new = remember(**fact, value={"degrees": 260})
    page = shown(mia, page_of(old))
    assert page_of(new) in page
    assert "240" in page
    assert "<b>old</b>" not in page
    assert page_of(old) in shown(mia, page_of(new))
    handoff = hand_over(mia)
    given = AgentMemory.objects.filter(handoff=handoff)[0]
    assert reverse("admin:agents_handoff_change", args=[handoff.pk]) in shown(mia, page_of(given))


def test_it_asks_no_more_of_the_database_because_there_is_more(mia: Person) -> None:
    make_exchange(mia)
    rafa, brief = agent(mia, "RAFA"), payload_type(mia, "content_brief")
    memory = AgentMemory.objects.filter(agent=rafa, kind="handoff")[0]
    pages = {page_of(rafa): AGENT, page_of(brief): TYPE, page_of(memory): ONE_MEMORY}
    assert {address: queries(mia, address) for address in pages} == pages
    make_exchange(mia)
    for number in range(4):
        register_payload_type(access=mia.access, name="content_brief", schema=brief.schema, description=str(number))
        remember(access=mia.access, agent=rafa, kind="fact", key=str(number), value=number)
    assert {address: queries(mia, address) for address in pages} == pages


def test_it_is_read_by_a_viewer_and_written_by_a_member(mia: Person, vic: Person) -> None:
    make_exchange(mia)
    rafa, brief = agent(mia, "RAFA"), payload_type(mia, "content_brief")
    memory = AgentMemory.objects.filter(agent=rafa)[0]
    edit = reverse("admin:agents_agent_edit", args=[rafa.pk])
    for address in (ROSTER, TYPES, MEMORY, page_of(rafa), page_of(brief), page_of(memory)):
        assert "/edit/" not in shown(vic, address)
    for address in (edit, f"{ROSTER}add/", f"{TYPES}add/"):
        assert vic.browser().get(address).status_code == 403
        assert vic.browser().post(address, typed()).status_code == 403
    assert mia.browser().get(f"{MEMORY}add/").status_code == 403
    for address in (page_of(memory), page_of(brief)):
        mia.browser().post(address, {"key": "mine", "name": "mine"})
    memory.refresh_from_db()
    brief.refresh_from_db()
    assert (memory.key == "mine", brief.name) == (False, "content_brief")


def test_it_does_not_exist_for_a_stranger(mia: Person, stranger: Person) -> None:
    make_exchange(mia)
    rafa, brief = agent(mia, "RAFA"), payload_type(mia, "content_brief")
    memory = AgentMemory.objects.filter(agent=rafa)[0]
    browser = stranger.browser()
    for address in (page_of(rafa), page_of(brief), page_of(memory), reverse("admin:agents_agent_edit", args=[rafa.pk])):
        assert browser.get(address).status_code == 404, address
    assert browser.post(reverse("admin:agents_agent_edit", args=[rafa.pk]), typed()).status_code == 404
    rafa.refresh_from_db()
    assert rafa.name == "Rafa"
    assert page_of(rafa) not in shown(stranger, ROSTER)
    assert memory.key not in shown(stranger, MEMORY)
