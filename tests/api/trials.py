"""Experiments to be had over HTTP."""

from typing import Any

from tests.api.calls import call, make_prompt
from tests.conftest import Person
from vault.add_version import add_version
from vault.models import Prompt

EXPERIMENTS = "/api/v1/experiments/"
METRICS = "/api/v1/metrics/"


def make_subject(person: Person, versions: int = 2, **context: Any) -> Prompt:
    """A prompt with so many versions, the first of them in production."""
    prompt = make_prompt(person, "control", **context)
    for number in range(1, versions):
        add_version(access=person.access, prompt=prompt, content=f"treatment {number}")
    return prompt


def a_draft(prompt: Prompt, **changes: Any) -> dict[str, Any]:
    """The body of a draft with two arms."""
    body = {
        "name": "Greetings",
        "prompt": str(prompt.pk),
        "primary_metric": "click_through",
        "arms": [{"version": "production", "share": 5000}, {"version": "latest", "share": 5000}],
    }
    return body | changes


def draft(person: Person, prompt: Prompt | None = None, **changes: Any) -> str:
    """The address of a draft that was made."""
    answer = call(person, "POST", EXPERIMENTS, a_draft(prompt or make_subject(person), **changes))
    assert answer.status == 201, answer.body
    return f"{EXPERIMENTS}{answer.json['id']}/"


def start(person: Person, prompt: Prompt | None = None, **changes: Any) -> str:
    """The address of an experiment that runs."""
    path = draft(person, prompt, **changes)
    answer = call(person, "POST", path + "start/", {"planned_units": 1000})
    assert (answer.status, answer.json["status"]) == (200, "running"), answer.body
    return path
