"""The board of handoffs: every state in its column, what is overdue on top, and never more than can be shown."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.admin import board as board_module
from agents.handoffs.fail_handoff import fail_handoff
from agents.handoffs.tidy_handoffs import tidy_handoffs
from agents.models import Handoff
from agents.models.handoff_states import Priority, Status
from tests.admin.exchange import HOUR, MINUTE, in_time, make_exchange, taken
from tests.agents.handing import confirmed, hand_over, let_pass
from tests.conftest import Person

pytestmark = pytest.mark.django_db
BOARD, LIST = "/admin/agents/handoff/", "/admin/agents/handoff/list/"
QUERIES = {BOARD: 14, LIST: 10, "/admin/agents/agent/": 9, "/admin/agents/agentmemory/": 9}


def board(person: Person, asked: str = "") -> str:
    answer = person.browser().get(BOARD + asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def part(page: str, part_id: str) -> str:
    """What stands in a section of the board."""
    start = page.index(f'id="{part_id}"')
    return page[start : page.index("</section>", start)]


def tasks(text: str) -> list[str]:
    """The handoffs that are told of, in order, each once."""
    return list(dict.fromkeys(re.findall(r'id="(?:card|now)-(TASK-[0-9A-F]{8})"', text)))


def ids(*handoffs: Handoff) -> list[str]:
    return [handoff.task_id for handoff in handoffs]


def queries(person: Person, address: str) -> int:
    browser = person.browser()
    browser.get("/admin/vault/prompt/")  # the session chooses its project once
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return len(asked)


def test_it_shows_each_in_the_column_of_its_state_as_of_now(mia: Person) -> None:
    made = make_exchange(mia)
    page = board(mia)
    pending = ["lapsed", "near", "urgent", "chained", "waiting", "answered", "reassigned", "low"]
    assert tasks(part(page, "board-PENDING")) == ids(*(made[name] for name in pending))
    assert tasks(part(page, "board-IN_PROGRESS")) == ids(made["working"], made["first"])
    assert tasks(part(page, "board-INPUT_REQUIRED")) == ids(made["asking"])
    ended = tasks(part(page, "board-ended"))
    for name in ("expired", "passed", "failed", "exhausted", "rejected", "canceled", "completed", "late"):
        assert made[name].task_id in ended
    assert len(ended) == 8
    asked = part(page, "board-INPUT_REQUIRED")
    assert "May the post name celiac disease" in asked


def test_it_puts_what_is_overdue_on_top_and_says_why(mia: Person) -> None:
    made = make_exchange(mia)
    top = part(board(mia), "board-pressing")
    assert tasks(top) == ids(*(made[name] for name in ("passed", "lapsed", "exhausted", "near", "expired")))
    for said in ("deadline passed 1 hour ago", "lease ran out", "the last lease ran out", "due in 1"):
        assert said in top.replace("\xa0", " ")
    assert board(mia).index('id="board-pressing"') < board(mia).index('id="board-PENDING"')


def test_it_says_the_same_once_a_worker_has_written_it_down(mia: Person) -> None:
    made = make_exchange(mia)
    tidy_handoffs()
    page = board(mia)
    assert made["passed"].task_id in tasks(part(page, "board-ended"))
    assert made["exhausted"].task_id in tasks(part(page, "board-ended"))
    assert made["lapsed"].task_id in tasks(part(page, "board-PENDING"))
    # Missed within a day still stands on top; the attempt that follows a lost lease does not.
    assert tasks(part(page, "board-pressing")) == ids(made["near"], made["expired"], made["passed"])


def test_it_calls_a_deadline_near_in_the_last_quarter_of_its_time(mia: Person) -> None:
    quarter = hand_over(mia, payload={"topic": "Nearly"}, deadline=in_time(100 * MINUTE))
    half = hand_over(mia, payload={"topic": "Half"}, deadline=in_time(100 * MINUTE))
    long = hand_over(mia, payload={"topic": "Long"}, deadline=in_time(300 * HOUR))
    for handoff, passed in ((quarter, 85), (half, 50), (long, 298 * 60)):
        let_pass(handoff, passed * MINUTE)
    assert tasks(part(board(mia), "board-pressing")) == ids(quarter)
    let_pass(long, 75 * MINUTE)
    assert tasks(part(board(mia), "board-pressing")) == ids(quarter, long)


def test_it_shows_priority_hops_attempts_and_from_whom_to_whom(mia: Person) -> None:
    make_exchange(mia)
    page = part(board(mia), "board-PENDING")
    for said in (">urgent<", ">high<", ">low<", "2 hops", "attempt 2 of 3", "outside →", "<b>SENTINEL</b>"):
        assert said in page


def test_it_is_limited_by_agent_type_and_priority(mia: Person) -> None:
    made = make_exchange(mia)
    assert tasks(board(mia, "?agent=ANCHOR")) == ids(made["near"])
    # Who gave it counts as well as who has it.
    assert set(tasks(part(board(mia, "?agent=ATLAS"), "board-PENDING"))) == {made["chained"].task_id}
    assert tasks(board(mia, "?task_type=security_alert")) == ids(made["urgent"])
    assert set(tasks(board(mia, "?priority=HIGH"))) == set(ids(made["near"], made["working"]))
    assert board(mia, "?agent=NOBODY&priority=LOUD&task_type=%00") is not None
    assert len(tasks(board(mia, "?agent=NOBODY"))) == len(made)


def test_it_shows_so_many_of_each_and_counts_as_far_as_it_says(mia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SHOWN": 2, "SHOWN_ENDED": 1, "COUNTED_TO": 3}.items():
        monkeypatch.setattr(board_module, name, value)
    made = [hand_over(mia, payload={"topic": f"Number {number}"}) for number in range(5)]
    Handoff.objects.filter(pk__in=[it.pk for it in made[3:]]).update(status=Status.REJECTED)
    pending = part(board(mia), "board-PENDING")
    assert tasks(pending) == ids(*made[:2])
    assert "All 3" in pending
    assert "these 2 come first" in pending
    ended = part(board(mia), "board-ended")
    assert tasks(ended) == ids(made[4])
    for number in range(5):
        hand_over(mia, payload={"topic": f"Number {number}"})
    assert "All 3+" in part(board(mia), "board-PENDING")


def test_it_says_why_work_came_to_nothing(mia: Person) -> None:
    told = {
        "Too hot": {"reason": "The oven <b>burnt</b> " + "it " * 100, "reason_code": "tool_down"},
        "Coded": {"reason_code": "invalid_json"},
        "Said": {"reason": "No flour."},
        "Silent": {},
    }
    for topic, why in told.items():
        fail_handoff(access=mia.access, handoff=confirmed(mia, payload={"topic": topic}), **why)
    let_pass(confirmed(mia, payload={"topic": "Forgotten"}, max_attempts=1), HOUR)
    cards = {
        topic: card
        for card in part(board(mia), "board-ended").split('<li class="as-ho')[1:]
        for topic in (*told, "Forgotten")
        if f">{topic}</a>" in card
    }
    assert "The oven &lt;b&gt;burnt&lt;/b&gt; it it" in cards["Too hot"]
    assert "<code>tool_down</code>" in cards["Too hot"]
    assert "it " * 50 not in cards["Too hot"]
    assert "<code>invalid_json</code>" in cards["Coded"]
    assert "No flour." in cards["Said"]
    assert "as-ho-why" not in cards["Silent"]
    assert "No attempt of 1 was finished within its lease. <code>attempts_exhausted</code>" in cards["Forgotten"]


def test_it_asks_no_more_of_the_database_because_there_is_more(mia: Person) -> None:
    make_exchange(mia)
    few = {address: queries(mia, address) for address in QUERIES}
    assert few == QUERIES
    make_exchange(mia)
    for number in range(30):
        hand_over(mia, payload={"topic": f"Number {number}"}, priority=Priority.HIGH)
    assert {address: queries(mia, address) for address in QUERIES} == few


def test_it_lists_all_of_a_state_that_time_has_brought_about(mia: Person) -> None:
    made = make_exchange(mia)

    def listed(asked: str) -> set[str]:
        page = mia.browser().get(LIST + asked).content.decode()
        return {handoff.task_id for handoff in made.values() if handoff.task_id in page}

    assert listed("?state=EXPIRED") == set(ids(made["expired"], made["passed"]))
    assert listed("?state=FAILED") == set(ids(made["failed"], made["exhausted"]))
    assert made["lapsed"].task_id in listed("?state=PENDING")
    assert listed("?state=IN_PROGRESS") == set(ids(made["working"], made["first"]))
    assert listed("?state=COMPLETED&agent=RAFA") == set(ids(made["completed"], made["late"]))
    assert listed("?state=COMPLETED&agent=ATLAS") == set()
    assert listed("?type=security_alert&priority=URGENT") == set(ids(made["urgent"]))
    assert listed("?q=winter-2026") == set(ids(made["first"], made["chained"]))
    assert listed(f"?q={made['low'].task_id.lower()}") == set(ids(made["low"]))
    assert len(listed("")) == len(made)


def test_it_says_what_to_do_where_nothing_was_handed_over(mia: Person, vic: Person) -> None:
    assert "No work was handed over yet" in board(mia)
    assert "Hand something over" in board(mia)
    assert "Hand something over" not in board(vic)


def test_it_shows_a_stranger_nothing(mia: Person, stranger: Person) -> None:
    made = make_exchange(mia)
    for address in (BOARD, LIST, "/admin/", "/admin/agents/agentmemory/"):
        page = stranger.browser().get(address).content.decode()
        assert not any(handoff.task_id in page for handoff in made.values()), address
    assert "No work was handed over yet" in board(stranger)


def test_it_puts_what_needs_somebody_on_the_first_page(mia: Person) -> None:
    made = make_exchange(mia)
    page = mia.browser().get("/admin/").content.decode()
    card = page[page.index("<h3>Handoffs</h3>") :]
    assert "4 overdue or nearly so" in card
    assert "1 asks something" in card
    assert "8 wait, 2 in progress" in card
    assert "An Advent calendar of small breads" in card
    assert made["waiting"].payload["topic"] not in card


def test_the_first_page_says_what_expired_within_a_day(mia: Person) -> None:
    urgent = hand_over(mia, priority=Priority.URGENT, deadline=in_time(HOUR))
    before = mia.browser().get("/admin/").content.decode()
    assert "expired within a day" not in before
    let_pass(urgent, 2 * HOUR)
    unwritten = mia.browser().get("/admin/").content.decode()
    assert "1 overdue or nearly so" in unwritten
    assert "expired within a day" not in unwritten

    tidy_handoffs()
    page = mia.browser().get("/admin/").content.decode()
    card = page[page.index("<h3>Handoffs</h3>") :]
    assert f'href="{BOARD}#board-pressing">1 expired within a day</a>' in card
    # What needs somebody stands before what only tells.
    assert page.index("<h3>Handoffs</h3>") < page.index("<h3>Agents today</h3>")
    assert tasks(part(board(mia), "board-pressing")) == ids(urgent)


def test_it_reads_what_a_person_works_at_again_by_itself(mia: Person) -> None:
    taken(mia)
    page = board(mia)
    assert 'hx-trigger="every 15s, ' in page
    swapped = re.search(r'hx-select-oob="([^"]*)"', page)
    assert swapped is not None
    for wanted in swapped.group(1).split(","):
        assert f'id="{wanted.removeprefix("#")}"' in page
