"""The form of an agent of the roster."""

import re
from collections.abc import Mapping
from typing import Any

from assay.core.errors import AssayError
from django import forms

from agents.models import Agent
from sentinel.admin_fields import CommaList, LongText, TextWidget, tell
from vault.models import Prompt

PROMPTS_OFFERED = 300
NAMES = {"/card/skills": "skills", "/card/description": "description", "/card/tags": "tags", "/active": "is_active"}


class AgentForm(forms.Form):
    """`fill` puts what was typed into an agent. Skills are lines: a name, and after a colon what it means."""

    code = forms.CharField(
        max_length=100,
        widget=TextWidget({"placeholder": "PIA", "autocomplete": "off"}),
        help_text="What telemetry calls agent_id and the vault agent_code. It stays what it is.",
    )
    name = forms.CharField(max_length=100, widget=TextWidget({"placeholder": "Pia"}))
    role = forms.CharField(
        max_length=200, required=False, widget=TextWidget, help_text="What it answers for, in a few words."
    )
    prompt = forms.CharField(
        max_length=200,
        required=False,
        label="System prompt",
        widget=TextWidget({"list": "known-prompts", "autocomplete": "off"}),
        help_text="The name of a prompt of the vault.",
    )
    is_active = forms.BooleanField(
        required=False, initial=True, label="Active", help_text="Nothing is handed to an agent that is switched off."
    )
    description = LongText(rows=3, required=False, help_text="What other agents are told of it.")
    skills = LongText(
        rows=5,
        required=False,
        help_text="One to a line: a name, and after a colon what it means. Copywriting: captions and posts",
    )
    tags = CommaList(required=False, widget=TextWidget, help_text="Separated by commas.")

    def __init__(self, typed: Mapping[str, Any] | None = None, *, agent: Agent, prompts: list[Prompt]) -> None:
        self.agent = agent
        self.prompts = prompts
        super().__init__(typed, initial={} if agent._state.adding else _initial(agent))
        if not agent._state.adding:
            self.fields["code"].disabled = True

    def clean_prompt(self) -> Prompt | None:
        name = self.cleaned_data["prompt"].strip()
        if not name:
            return None
        now = self.agent.prompt
        if now is not None and now.name == name:
            return now
        found = Prompt.objects.in_project(self.agent.project_id).active().filter(name=name).first()
        if found is None:
            raise forms.ValidationError(f"There is no active prompt {name[:50]!r} in the vault.")
        return found

    def fill(self) -> Agent:
        """The agent as typed."""
        cleaned, agent = self.cleaned_data, self.agent
        for name in ("code", "name", "role", "prompt", "is_active"):
            setattr(agent, name, cleaned[name])
        card = {"description": cleaned["description"].strip(), "tags": cleaned["tags"]}
        card["skills"] = _skills(cleaned["skills"], (agent.card or {}).get("skills", []))
        agent.card = {name: value for name, value in card.items() if value}
        return agent

    def tell(self, error: AssayError) -> None:
        tell(self, error, NAMES | {f"/{name}": name for name in self.fields})


def _initial(agent: Agent) -> dict[str, Any]:
    card = agent.card or {}
    return {
        "code": agent.code,
        "name": agent.name,
        "role": agent.role,
        "prompt": agent.prompt.name if agent.prompt else "",
        "is_active": agent.is_active,
        "description": card.get("description", ""),
        "skills": "\n".join(_line(skill) for skill in card.get("skills", [])),
        "tags": card.get("tags", []),
    }


def _line(skill: dict[str, Any]) -> str:
    return f"{skill['name']}: {skill['description']}" if skill.get("description") else str(skill["name"])


def _skills(typed: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each line as a skill. What else is known of a skill of that name (its id, tags, examples) stays."""
    by_name = {skill["name"]: skill for skill in known}
    found = []
    for line in filter(None, map(str.strip, typed.split("\n"))):
        name, _, meaning = (part.strip() for part in line.partition(":"))
        kept = {key: value for key, value in by_name.get(name, {}).items() if key != "description"}
        skill = {"id": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "skill", "name": name} | kept
        found.append(skill | ({"description": " ".join(meaning.split())} if meaning else {}))
    return found


def offered_prompts(agent: Agent) -> list[Prompt]:
    """Active prompts to choose from, those for this agent first. One query."""
    active = Prompt.objects.in_project(agent.project_id).active().only("name", "agent_code").order_by("name")
    found = list(active[:PROMPTS_OFFERED])
    return sorted(found, key=lambda prompt: prompt.agent_code != agent.code)
