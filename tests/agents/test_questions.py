"""What decisions, signals and versions come to, as it is answered."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import AgentSettings
from agents.questions.stats.phi import Table, interval_of_phi, phi
from agents.questions.stats.proportion import clopper_pearson, difference_of_shares
from agents.questions.stats.several import confidence_of_each
from tests.agents.asking import (
    a_decision,
    a_failure,
    a_run,
    a_signal,
    ask,
    at,
    keep,
    steps_of,
    told,
    whole_month,
)
from tests.conftest import Person

QUESTIONS = {
    "decisions/aggregate": {},
    "signals/aggregate": {},
    "correlate/decisions-failures": {},
    "correlate/signals-outcomes": {},
    "compare/versions": {"agent_id": "clerk", "version_a": "1.0", "version_b": "1.1"},
    "agents/graph": {},
    "runs/loops": {},
    "runs": {},
}
OF_DECISIONS = [path for path in QUESTIONS if path.startswith(("decisions", "signals", "correlate"))]
# Who is asked and the project's revision aside.
QUERIES = {"decisions/aggregate": 3, "signals/aggregate": 3, "correlate/decisions-failures": 5}
QUERIES |= {"correlate/signals-outcomes": 5, "compare/versions": 7, "agents/graph": 4, "runs/loops": 4, "runs": 1}


@pytest.fixture
def busy(vic: Person) -> Person:
    """A viewer in whose project a clerk of two versions worked for a day, and a scout once."""
    project = vic.project.pk
    runs = [
        a_run(
            f"old-{place}",
            at(3, place, 5),
            status="failure" if place < 4 else "success",
            latency_ms=100.0 + place,
            tokens_in=10,
            cost_usd=None,
            steps=steps_of(("plan", None), ("tool", "search"))[: 1 + place % 2],
            failures=[a_failure("timeout" if place % 2 else "tool")] if place < 4 else [],
            decisions=[a_decision(confidence=0.25), a_decision(own_id="again", confidence=0.75)] if place < 6 else [],
            signals=[a_signal(value=place > 2)],
        )
        for place in range(12)
    ]
    runs += [
        a_run(
            f"new-{place}",
            at(3, place, 35),
            agent_version="1.1",
            status="partial" if place < 2 else "success",
            latency_ms=80.0 + place,
            decisions=[a_decision("cached_data_sufficient")] if place < 2 else [],
            failures=[a_failure("tool")] if place == 0 else [],
            signals=[a_signal(value=place > 0)] if place < 5 else [],
        )
        for place in range(8)
    ]
    scout = a_run("scout", at(4, 1), agent_id="scout", environment="staging", decisions=[a_decision()])
    going = a_run("going", at(4, 2), status="running", decisions=[a_decision()], signals=[a_signal()])
    keep(project, *runs, scout, going)
    return vic


def one(rows: list[dict[str, Any]], **named: Any) -> dict[str, Any]:
    (found,) = (row for row in rows if named.items() <= row.items())
    return found


def test_it_adds_up_decisions(busy: Person) -> None:
    answer = told(busy, "decisions/aggregate", **whole_month())
    assert answer["total_decisions"] == 16
    fresh, cached = answer["decisions"]
    assert fresh == {
        "decision_type": "tool_selection",
        "reason_code": "fresh_data_required",
        "count": 14,
        "rated": 12,
        "avg_confidence": pytest.approx(0.5),
        "agent_versions": ["1.0"],
    }
    assert (cached["count"], cached["avg_confidence"], cached["agent_versions"]) == (2, None, ["1.1"])


@pytest.mark.parametrize(
    ("narrowed", "total"),
    [
        ({"agent_id": "scout"}, 1),
        ({"agent_version": "1.1"}, 2),
        ({"environment": "production"}, 15),
        ({"agent_id": "clerk", "environment": "staging"}, 0),
        ({"end_time": at(3, 2, 5)}, 6),
        ({"end_time": at(3, 2, 5, 0.001)}, 8),
        ({"start_time": at(3, 2, 5), "end_time": at(3, 3)}, 2),
        ({"start_time": at(4), "end_time": at(4)}, 0),
    ],
)
def test_it_narrows_what_it_is_asked_about(busy: Person, narrowed: dict[str, Any], total: int) -> None:
    assert told(busy, "decisions/aggregate", **(whole_month() | narrowed))["total_decisions"] == total


def test_it_adds_up_signals(busy: Person) -> None:
    answer = told(busy, "signals/aggregate", **whole_month())
    (match,) = answer["signals"]
    assert answer["total_signals"] == match["count"] == 18
    assert (match["true_count"], match["false_count"]) == (14, 4)
    assert match["true_percentage"] == pytest.approx(100 * 14 / 18)


def test_it_shows_decisions_beside_the_base_rate(busy: Person) -> None:
    answer = told(busy, "correlate/decisions-failures", agent_id="clerk", **whole_month())
    assert (answer["runs"], answer["runs_with_failures"], answer["base_rate"]) == (20, 5, 0.25)
    each = confidence_of_each(4)
    assert answer["intervals"] == {"confidence": 0.95, "comparisons": 4, "each": pytest.approx(each)}
    fresh = one(answer["correlations"], reason_code="fresh_data_required")
    # The run that goes on has decided too, but has not come to anything.
    assert (fresh["total_occurrences"], fresh["runs"], fresh["runs_with_failures"]) == (13, 6, 4)
    assert (fresh["correlation_rate"], fresh["base_rate"]) == (pytest.approx(4 / 6), 0.25)
    assert fresh["interval"] == pytest.approx(clopper_pearson(4, 6, each))
    assert (fresh["runs_when_absent"], fresh["rate_when_absent"]) == (14, pytest.approx(1 / 14))
    assert fresh["difference"] == pytest.approx(4 / 6 - 1 / 14)
    assert fresh["difference_interval"] == pytest.approx(difference_of_shares(1, 14, 4, 6, each))
    assert fresh["associated_failure_types"] == [
        {"failure_type": "tool", "runs": 2, "rate": pytest.approx(1 / 3), "base_rate": 0.15},
        {"failure_type": "timeout", "runs": 2, "rate": pytest.approx(1 / 3), "base_rate": 0.1},
    ]


def test_it_shows_signals_beside_success(busy: Person) -> None:
    answer = told(busy, "correlate/signals-outcomes", agent_id="clerk", **whole_month())
    assert (answer["runs"], answer["success"], answer["success_rate"]) == (20, 14, 0.7)
    (match,) = answer["correlations"]
    # Of the old ones 3 to 11, of the new ones 1 to 4.
    table = Table(both=11, first=2, second=3, neither=4)
    assert (match["n"], match["n_present"], match["n_absent"]) == (20, 13, 7)
    assert match["success_rate_when_present"] == pytest.approx(11 / 13)
    assert match["success_rate_when_absent"] == pytest.approx(3 / 7)
    assert match["correlation_strength"] == pytest.approx(phi(table))
    assert match["interval"] == pytest.approx(interval_of_phi(table, 0.95))


def test_it_compares_two_versions(busy: Person) -> None:
    answer = told(busy, "compare/versions", **QUESTIONS["compare/versions"], **whole_month())
    assert (answer["runs_a"], answer["runs_b"]) == (12, 8)
    # Four rates, two failure types, the means of latency and steps, two reasons, one signal. Nobody met tokens twice,
    # and nothing was said of costs.
    assert answer["intervals"]["comparisons"] == 4 + 2 + 2 + 2 + 1
    each = answer["intervals"]["each"]
    assert each == pytest.approx(1 - 0.05 / 11)
    success = answer["rates"]["success"]
    assert (success["a"], success["b"]["rate"]) == ({"count": 8, "n": 12, "rate": pytest.approx(2 / 3)}, 0.75)
    assert success["difference"] == pytest.approx(0.75 - 2 / 3)
    assert success["interval"] == pytest.approx(difference_of_shares(8, 12, 6, 8, each))
    assert set(answer["rates"]) == {"success", "failure", "partial", "with_failures"}
    assert answer["rates"]["with_failures"]["b"]["count"] == 1
    assert set(answer["failure_types"]) == {"tool", "timeout"}
    latency = answer["means"]["latency_ms"]
    assert (latency["a"]["n"], latency["a"]["mean"], latency["b"]["mean"]) == (12, 105.5, 83.5)
    assert latency["a"]["deviation"] == pytest.approx(3.6055512755)
    assert latency["interval"][0] < latency["difference"] == -22 < latency["interval"][1]
    assert answer["means"]["steps"]["b"] == {"n": 8, "mean": 0, "deviation": 0}
    assert answer["means"]["tokens"]["interval"] is answer["means"]["cost_usd"]["difference"] is None
    fresh = one(answer["reasons"], reason_code="fresh_data_required")["runs"]
    assert (fresh["a"]["rate"], fresh["b"]["rate"]) == (0.5, 0.0)
    # Of eight runs three say nothing of the schema.
    (match,) = answer["signals"]
    assert match["true"]["a"] == {"count": 9, "n": 12, "rate": 0.75}
    assert match["true"]["b"] == {"count": 4, "n": 5, "rate": 0.8}


def test_it_compares_with_a_version_that_never_ran(busy: Person) -> None:
    asked = QUESTIONS["compare/versions"] | {"version_b": "9.9"}
    answer = told(busy, "compare/versions", **asked, **whole_month())
    assert (answer["runs_b"], answer["intervals"]["comparisons"]) == (0, 0)
    assert answer["rates"]["success"]["difference"] is answer["means"]["latency_ms"]["interval"] is None


@pytest.mark.parametrize("path", QUESTIONS)
def test_it_says_nothing_that_numbers_do_not(busy: Person, path: str) -> None:
    words = str(told(busy, path, **QUESTIONS[path], **whole_month())).lower()
    for word in ("better", "worse", "improve", "regress", "because", "significant"):
        assert word not in words
    assert "caused" not in words.replace("not caused by", "")


@pytest.mark.parametrize("path", QUESTIONS)
def test_it_asks_the_database_a_few_times(busy: Person, path: str) -> None:
    ask(busy, path, **QUESTIONS[path])
    for window in ({}, whole_month(), {"start_time": at(3, 0, 7), "end_time": at(4, 1, 7)}):
        with CaptureQueriesContext(connection) as queries:
            told(busy, path, **QUESTIONS[path], **window)
        asked = [query["sql"] for query in queries if "sentinel_" not in query["sql"]]
        assert len(asked) <= QUERIES[path], asked


@pytest.mark.parametrize("path", QUESTIONS)
def test_it_shows_a_stranger_nothing(busy: Person, stranger: Person, path: str) -> None:
    ours = told(busy, path, **QUESTIONS[path], **whole_month())
    theirs = told(stranger, path, **QUESTIONS[path], **whole_month())
    assert ours != theirs
    for word in ("old-", "new-", "fresh_data", "full_match", "scout"):
        assert word not in str(theirs)
    # And what of it is about another project is as if the two had never met.
    keep(stranger.project.pk, a_run("old-1", at(3), status="failure", agent_id="spy", decisions=[a_decision()]))
    assert told(busy, path, **QUESTIONS[path], **whole_month()) == ours


@pytest.mark.parametrize("path", OF_DECISIONS)
def test_it_says_where_decisions_are_switched_off(
    busy: Person, stranger: Person, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    AgentSettings.objects.create(project=busy.project, keeps_decisions=False)
    answer = ask(busy, path, **whole_month())
    assert (answer.status, answer.code) == (503, "decisions_switched_off")
    assert caplog.messages == []
    assert "Retry-After" not in answer.headers
    assert ask(stranger, path).status == 200
    AgentSettings.objects.update(keeps_decisions=True)
    assert ask(busy, path).status == 200


def test_it_compares_runs_where_decisions_are_switched_off(busy: Person) -> None:
    AgentSettings.objects.create(project=busy.project, keeps_decisions=False)
    answer = told(busy, "compare/versions", **QUESTIONS["compare/versions"], **whole_month())
    assert (answer["reasons"], answer["signals"]) == (None, None)
    assert answer["rates"]["success"]["a"]["n"] == 12
    assert answer["intervals"]["comparisons"] == 8
