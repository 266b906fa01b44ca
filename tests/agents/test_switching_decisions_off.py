"""Where a project comes to keep no more decisions and signals, those that are stored already stay."""

import pytest

from agents import read_settings
from agents.models import AgentSettings, Decision, QualitySignal
from sentinel.models import Project
from tests.agents import reporting
from tests.agents.reporting import a_decision, a_whole_report, check_counts, post
from tests.agents.spans import agent, everything, model, runs, send, signals, span_id, steps, tool
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def switch_off(project: Project) -> None:
    AgentSettings.objects.create(project=project, keeps_decisions=False)
    read_settings.forget()


def test_what_is_stored_of_a_trace_stays_while_it_goes_on(mia: Person, bakery: Project) -> None:
    chosen = {"decision.type": "tool_selection", "decision.reason_code": "accuracy_required"}
    send(mia, tool(2, 1, attributes=chosen), model(4, 2))
    kept = signals(mia, runs(mia)["trace"])
    assert ("tool_success", "first_attempt") in kept

    switch_off(bakery)
    told = send(mia, agent(1), tool(3, 1, "book", attributes=chosen), agent(5, "other", parent=1))
    run = runs(mia)["trace"]
    assert (run.status, run.agent_id) == ("success", "planner")
    assert [step.name for step in steps(mia, run)] == ["search", "book", "chat_gpt-4o"]
    assert [(decision.run, decision.step_id) for decision in Decision.objects.all()] == [(run.pk, span_id(2))]
    assert signals(mia, run) == kept
    assert QualitySignal.objects.count() == len(kept)
    assert "4 decisions and signals, which this project does not keep" in told.error_message

    before = everything(mia)
    told = send(mia, tool(2, 1, attributes=chosen))
    assert everything(mia) == before
    assert "decisions" not in told.error_message


def test_what_is_stored_of_a_run_stays_when_it_ends(mia: Person) -> None:
    whole = a_whole_report(status="running")
    ended_at = whole.pop("ended_at")
    post(mia, whole)
    switch_off(mia.project)

    chosen = [*whole["decisions"], a_decision(reason_code="cost_optimization")]
    last = whole | {"status": "success", "ended_at": ended_at, "decisions": chosen}
    told = post(mia, last)[1]
    assert (told["result"], told["decisions"], told["quality_signals"]) == ("updated", 1, 1)
    assert told["dropped"] == {"decisions": 1}
    run = reporting.stored(mia.project.pk)["run-1"]
    assert (run.status, [one.reason_code for one in run.decisions]) == ("success", ["fresh_data_required"])
    assert len(run.signals) == 1
    assert post(mia, last)[1] == told | {"result": "duplicate"}
    check_counts(mia.project.pk)


def switch_on(project: Project) -> None:
    AgentSettings.objects.filter(project=project).update(keeps_decisions=True)
    read_settings.forget()


def test_what_was_left_out_of_a_run_is_added_when_it_is_sent_again(mia: Person) -> None:
    """Nobody who sends the same once more did anything wrong: it was the project that kept a part of it only."""
    whole = a_whole_report()
    switch_off(mia.project)
    status, told = post(mia, whole)
    assert (status, told["result"], told["dropped"]) == (201, "stored", {"decisions": 1, "quality_signals": 1})
    switch_on(mia.project)

    status, told = post(mia, whole)
    assert (status, told["result"], told["decisions"], told["quality_signals"]) == (200, "updated", 1, 1)
    check_counts(mia.project.pk)
    assert post(mia, whole)[1]["result"] == "duplicate"
    # It is as closed as any other now, and was so in all else.
    for other in ({"decisions": [a_decision(selected="ask")]}, {"status": "failure"}, {"tokens_in": 99}):
        assert post(mia, whole | other)[1]["code"] == "run_conflict"


def test_what_was_left_out_opens_no_run_for_anything_else(mia: Person) -> None:
    whole = a_whole_report()
    switch_off(mia.project)
    post(mia, whole)
    switch_on(mia.project)
    for other in ({"tokens_in": 99}, {"status": "failure"}, {"metadata": {"region": "us-1"}}):
        assert post(mia, whole | other)[1]["code"] == "run_conflict"
    assert Decision.objects.count() == 0


def test_what_was_left_out_beside_what_is_stored_stays_out(mia: Person) -> None:
    """Nobody can tell it from a decision that was made up later."""
    whole = a_whole_report(status="running")
    ended_at = whole.pop("ended_at")
    post(mia, whole)
    switch_off(mia.project)
    last = whole | {"status": "success", "ended_at": ended_at, "decisions": [*whole["decisions"], a_decision()]}
    assert post(mia, last)[1]["dropped"] == {"decisions": 1}
    switch_on(mia.project)
    assert post(mia, last)[1]["code"] == "run_conflict"
    assert post(mia, last | {"decisions": whole["decisions"]})[1]["result"] == "duplicate"
    assert Decision.objects.count() == 1
