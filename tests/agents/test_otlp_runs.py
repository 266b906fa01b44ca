"""What becomes a run and what a step, and which run a step belongs to."""

import pytest

from tests.agents.spans import Sent, agent, failures, model, runs, send, signals, span_id, steps, tool
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_it_makes_a_run_of_an_agent_and_steps_of_what_it_did(mia: Person) -> None:
    send(mia, agent(1, took=500), model(2, 1, at=10), tool(3, 1, at=30), model(4, 1, (200, 40), at=60))

    run = runs(mia)["trace"]
    assert (run.agent_id, run.agent_version, run.environment) == ("planner", "1.4", "production")
    assert (run.status, run.latency_ms) == ("success", 500)
    assert (run.tokens_in, run.tokens_out) == (300, 60)
    assert run.span_id == span_id(1)
    assert run.metadata == {"service": "bakery-bot"}
    assert [(step.step_type, step.name, step.model) for step in steps(mia, run)] == [
        ("model", "chat_gpt-4o", "gpt-4o"),
        ("tool", "search", None),
        ("model", "chat_gpt-4o", "gpt-4o"),
    ]
    assert failures(mia, run) == set()
    assert signals(mia, run) == {
        ("tool_success", "first_attempt"),
        ("latency_threshold", "under_threshold"),
        ("token_usage", "low_usage"),
    }
    assert Sent
