"""Experiments over HTTP: drafted, changed, thrown away, listed, and taken from start to end."""

from typing import Any

import pytest

from experiments.models import Experiment
from tests.api.calls import Answer, call, make_prompt
from tests.conftest import Person
from vault.add_version import add_version
from vault.models import Prompt

EXPERIMENTS = "/api/v1/experiments/"
SHARES = [5000, 5000]


def make_subject(person: Person, versions: int = 2, **context: Any) -> Prompt:
    """A prompt with so many versions, the first of them in production."""
    prompt = make_prompt(person, "control {{ name }}", **context)
    for number in range(1, versions):
        add_version(access=person.access, prompt=prompt, content=f"treatment {number} {{{{ name }}}}")
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


def test_it_drafts_an_experiment(mia: Person) -> None:
    prompt = make_subject(mia)
    more = {
        "hypothesis": "Shorter is better.",
        "guardrails": [{"metric": "response_time_ms", "margin": 0.1}, {"metric": "error_rate"}],
        "secondary_metrics": ["engagement"],
        "ramp": [{"coverage": 1000, "minutes": 10, "units": 50}],
        "mode": "approval",
        "smallest_effect": 0.1,
        "holdback": 500,
    }
    answer = call(mia, "POST", EXPERIMENTS, a_draft(prompt, **more))
    assert answer.status == 201, answer.body
    made = answer.json
    assert (made["status"], made["verdict"], made["end"], made["proposal"]) == ("draft", "", None, None)
    assert made["prompt"] == {"id": str(prompt.pk), "name": "greeting"}
    assert [(arm["number"], arm["version"]["number"], arm["share"]) for arm in made["arms"]] == [
        (0, "1.0.0", 5000),
        (1, "1.1.0", 5000),
    ]
    assert [(guard["metric"]["slug"], guard["margin"]) for guard in made["guardrails"]] == [
        ("response_time_ms", 0.1),
        ("error_rate", 0.0),
    ]
    assert [metric["slug"] for metric in made["secondary_metrics"]] == ["engagement"]
    assert made["primary_metric"]["slug"] == "click_through"
    assert {name: made[name] for name in ("ramp", "mode", "smallest_effect", "holdback", "hypothesis")} == {
        name: more[name] for name in ("ramp", "mode", "smallest_effect", "holdback", "hypothesis")
    }
    assert (made["significance"], made["min_sample_size"], made["max_duration_days"]) == (0.05, 100, 28)
    assert call(mia, "GET", f"{EXPERIMENTS}{made['id']}/").json == made
