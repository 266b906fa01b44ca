"""The agents that come with Assay have system prompts that work."""

from io import StringIO

import pytest
from assay.core.errors import AssayError
from django.core.management import call_command

from agents.models import Agent
from agents.models.roster import SEEDED
from agents.seed_roster import seed_roster
from tests.api.calls import call
from tests.conftest import Person
from vault.models import Prompt


def test_it_gives_each_agent_a_system_prompt(olga: Person) -> None:
    assert seed_roster(access=olga.access) == len(SEEDED)
    agents = {agent.code: agent.prompt for agent in Agent.objects.in_project(olga.project.pk)}
    assert {code: prompt and prompt.agent_code for code, prompt in agents.items()} == {code: code for code in SEEDED}


@pytest.mark.parametrize("code", SEEDED)
def test_it_is_resolved_by_its_agent(olga: Person, code: str) -> None:
    seed_roster(access=olga.access)
    asked = {"category": "agent_system", "agent_code": code, "variables": {"company": "Brotzeit"}}
    answer = call(olga, "POST", "/api/v1/resolve", asked)
    assert answer.status == 200, answer.body
    assert answer.json["prompt"]["name"] == Agent.objects.get(project=olga.project, code=code).prompt.name
    assert answer.json["text"].startswith(f"You are {code.title()}.")
    assert "Brotzeit" in answer.json["text"]


def test_it_leaves_alone_what_people_chose(olga: Person) -> None:
    seed_roster(access=olga.access)
    Agent.objects.filter(project=olga.project, code="REX").update(prompt=None)
    assert seed_roster(access=olga.access) == 0
    assert Agent.objects.get(project=olga.project, code="REX").prompt is None


def test_it_is_a_command(olga: Person) -> None:
    out = StringIO()
    call_command("seed_roster", "--project", olga.project.slug, stdout=out)
    assert out.getvalue() == "6 system prompts added.\n"
    assert Prompt.objects.filter(project=olga.project, category="agent_system").count() == 6


def test_it_needs_leave_to_write(vic: Person) -> None:
    with pytest.raises(AssayError):
        seed_roster(access=vic.access)
