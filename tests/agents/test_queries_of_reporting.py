"""How many queries a batch costs does not hang on how many runs it holds."""

from typing import Any

import msgspec
import pytest

from agents.record_runs import record_runs
from sentinel.models import Project
from tests.agents.reporting import a_report, a_whole_report, lately

# The project's settings; the transaction's two ends; the keys; a COPY of each of five tables and of the counts; the
# calls that wait.
NEW = 11
# Neither rows nor counts: the lock on the keys, and what is stored in the five tables.
KNOWN = NEW - 5 - 1 + 1 + 5
# Of runs without parts there is one table.
PLAIN = NEW - 4


@pytest.fixture(autouse=True)
def _folded_by_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one of the transactions of these tests may be the one that folds."""
    monkeypatch.setattr("agents.store_runs.FOLDED_EVERY", 1_000_000)


@pytest.mark.parametrize("runs", [1, 100])
def test_a_batch_costs_as_many_queries_as_a_run(bakery: Project, runs: int, django_assert_num_queries: Any) -> None:
    record(bakery, [a_report("first")])
    reports = [a_whole_report(f"run-{number}") for number in range(runs)]
    with django_assert_num_queries(NEW):
        record(bakery, reports)
    with django_assert_num_queries(KNOWN):
        record(bakery, reports)


@pytest.mark.parametrize("runs", [1, 100])
def test_parents_and_later_reports_cost_a_few_more(bakery: Project, runs: int, django_assert_num_queries: Any) -> None:
    began = lately()
    record(bakery, [a_report("first")])
    reports = [
        a_report(f"run-{number}", started_at=began, status="running", parent_run_id=f"lead-{number}")
        for number in range(runs)
    ]
    # Their ancestors, twice whose runs their parents are, and a COPY of the calls.
    with django_assert_num_queries(PLAIN + 4):
        record(bakery, reports)
    # The calls as they stand instead; and the lock, the five tables, and the rows that change.
    with django_assert_num_queries(PLAIN + 4 + 7):
        record(bakery, [report | {"status": "success"} for report in reports])


def record(project: Project, reports: list[Any]) -> None:
    told = record_runs(project_id=project.pk, items=[msgspec.json.encode(report) for report in reports])
    assert len(told) == len(reports)
