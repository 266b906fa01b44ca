"""What moved last is listed first, however many handoffs there are."""

from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.a2a.messages import ListTasks
from agents.handoffs.list_tasks import Tasks, list_tasks
from tests.agents.handing import hand_over
from tests.conftest import Person

MANY = 5_000
# Copies of one that was handed over, which moved one after the other; one in fifty was completed, the others wait.
COPY = """
    INSERT INTO agents_handoff
    SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', gen_random_uuid(), 'task_id', 'TASK-' || upper(lpad(to_hex(number), 8, '0')),
        'context_id', 'context-' || number / 10,
        'status', CASE WHEN number %% 50 = 0 THEN 'COMPLETED' ELSE 'PENDING' END,
        'completed_at', CASE WHEN number %% 50 = 0 THEN one.pending_at + number * interval '1 second' END,
        'pending_at', one.pending_at + number * interval '1 second'
    ))).* FROM agents_handoff one, generate_series(1, %s) AS number WHERE one.id = %s
"""


@pytest.fixture
def busy(mia: Person) -> Person:
    handoff = hand_over(mia)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE agents_handoff DISABLE TRIGGER handoff_begins")
        cursor.execute(COPY, [MANY, handoff.pk])
        cursor.execute("ALTER TABLE agents_handoff ENABLE TRIGGER handoff_begins; ANALYZE agents_handoff")
    return mia


def listed(who: Person, **asked: Any) -> tuple[Tasks, str]:
    """What is listed, and how the database found the page."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        tasks = list_tasks(access=who.access, asked=msgspec.convert(asked, ListTasks))
    (page,) = [query["sql"] for query in queries if "ORDER BY" in query["sql"] and "LIMIT" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        return tasks, "\n".join(line for (line,) in cursor.fetchall())


def numbers(tasks: Tasks) -> list[int]:
    return [int(handoff.task_id.removeprefix("TASK-"), 16) for handoff in tasks.handoffs]


def test_a_page_is_found_without_sorting(busy: Person) -> None:
    tasks, plan = listed(busy, pageSize=20)
    assert numbers(tasks) == list(range(MANY, MANY - 20, -1))
    assert tasks.total == MANY + 1
    assert "handoffs_by_move" in plan
    assert "Sort" not in plan

    tasks, plan = listed(busy, pageSize=20, pageToken=tasks.next_token)
    assert numbers(tasks) == list(range(MANY - 20, MANY - 40, -1))
    assert "handoffs_by_move" in plan
    assert "Sort" not in plan


def test_a_page_of_a_context_is_found_by_it(busy: Person) -> None:
    tasks, plan = listed(busy, contextId="context-7")
    assert numbers(tasks) == list(range(79, 69, -1))
    assert "handoffs_by_context" in plan


def test_a_page_of_a_state_is_found_by_what_is_written_down(busy: Person) -> None:
    tasks, plan = listed(busy, status="TASK_STATE_SUBMITTED", pageSize=3)
    assert numbers(tasks) == [MANY - 1, MANY - 2, MANY - 3]
    assert "handoffs_by_move" in plan
    for state in ("TASK_STATE_FAILED", "TASK_STATE_INPUT_REQUIRED"):
        tasks, plan = listed(busy, status=state)
        assert (tasks.handoffs, tasks.total) == ([], 0)
        for index in ("status", "deadline", "lease"):
            assert f"handoffs_by_{index}" in plan
