"""The board of handoffs: every state in its column, what is overdue on top, and never more than can be shown."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models.handoffs import Priority
from tests.admin.exchange import HOUR, in_time, make_exchange, taken
from tests.agents.handing import hand_over, let_pass
from tests.conftest import Person

pytestmark = pytest.mark.django_db
BOARD, LIST = "/admin/agents/handoff/", "/admin/agents/handoff/list/"


def board(person: Person, asked: str = "") -> str:
    answer = person.browser().get(BOARD + asked)
    assert answer.status_code == 200
    return answer.content.decode()


def part(page: str, part_id: str) -> str:
    """What stands in a section of the board."""
    start = page.index(f'id="{part_id}"')
    return page[start : page.index("</section>", start)]


def test_it_smokes(mia: Person) -> None:
    made = make_exchange(mia)
    page = board(mia)
    for handoff in made.values():
        assert handoff.task_id in page
