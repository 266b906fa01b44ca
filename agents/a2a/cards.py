"""The agent cards of the A2A protocol: the public one, and the one for who has a key."""

from collections.abc import Iterable
from typing import Any

from agents.models import Agent

PATH = "/a2a/"
MODES = ["application/json", "text/plain"]


def public_card(address: str, version: str) -> dict[str, Any]:
    """Assay, its address and how to say who one is, and nothing else."""
    return {
        "name": "Assay",
        "description": "Hands work over to the agents of a project. Who they are is told to who has a key.",
        "version": version,
        "supportedInterfaces": [
            {"url": f"{address}{PATH}", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        ],
        "capabilities": {"streaming": False, "pushNotifications": False, "extendedAgentCard": True},
        "securitySchemes": {
            "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer", "description": "An API key of a project."}},
            "apiKey": {
                "apiKeySecurityScheme": {
                    "location": "header",
                    "name": "X-API-Key",
                    "description": "The same key, for clients that cannot send Authorization.",
                }
            },
        },
        "securityRequirements": [{"schemes": {"bearer": {"list": []}}}, {"schemes": {"apiKey": {"list": []}}}],
        "defaultInputModes": MODES,
        "defaultOutputModes": MODES,
        "skills": [],
    }


def extended_card(address: str, version: str, agents: Iterable[Agent]) -> dict[str, Any]:
    """The same with the roster: each agent as a skill, whose id is what `to_agent` names."""
    return public_card(address, version) | {"skills": [_skill(agent) for agent in agents]}


def _skill(agent: Agent) -> dict[str, Any]:
    card = agent.card
    skills = card.get("skills", [])
    told = [card.get("description") or agent.role, *(f"{skill['name']}: {_about(skill)}" for skill in skills)]
    tags = [*card.get("tags", []), *(tag for skill in skills for tag in skill.get("tags", []))]
    return {
        "id": agent.code,
        "name": agent.name,
        "description": " ".join(each for each in told if each),
        "tags": list(dict.fromkeys(tags)) or [agent.code.lower()],
        "examples": [example for skill in skills for example in skill.get("examples", [])],
    }


def _about(skill: dict[str, Any]) -> str:
    return skill.get("description") or ", ".join(skill.get("tags", [])) or skill["id"]
