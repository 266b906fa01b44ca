"""A handoff's page: where it stands, what it is, what became of it, and what a person can do with it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.request_input import request_input
from agents.models import Agent, Handoff, HandoffResult
from tests.admin.exchange import action_of, make_exchange, page_of, taken
from tests.agents.handing import again, agent, hand_over
from tests.conftest import Person

pytestmark = pytest.mark.django_db
FIRST_HOP, LATER_HOP = 13, 14
ANSWER, MOVES = 'name="answer"', ">Reassign<"


@pytest.fixture
def made(mia: Person) -> dict[str, Handoff]:
    return make_exchange(mia)


def page(person: Person, handoff: Handoff) -> str:
    answer = person.browser().get(page_of(handoff))
    assert answer.status_code == 200
    return str(answer.content.decode()).replace("\xa0", " ")


def act(person: Person, handoff: Handoff, name: str, **sent: Any) -> Any:
    return person.browser().post(action_of(handoff, name), sent, follow=True)


def queries(person: Person, handoff: Handoff) -> int:
    browser = person.browser()
    browser.get("/admin/vault/prompt/")
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(page_of(handoff)).status_code == 200
    return len(asked)


STANDS = {
    "waiting": "It waits for RAFA.",
    "working": "RAFA is at work on it.",
    "asking": "RAFA asks something, and waits for the answer.",
    "lapsed": "The lease of RAFA ran out: it waits again.",
    "exhausted": "The last lease of RAFA ran out: it failed.",
    "completed": "RAFA brought back a result.",
    "rejected": "REX turned it down.",
    "failed": "It failed with RAFA.",
    "canceled": "It was called off.",
    "passed": "The deadline passed before RAFA was done.",
    "expired": "The deadline passed before RAFA was done.",
}
REFUSED: list[tuple[str, tuple[str, dict[str, str]], tuple[int, str]]] = [
    ("completed", ("cancel", {}), (409, "is COMPLETED")),
    ("passed", ("cancel", {}), (409, "is EXPIRED")),
    ("waiting", ("answer", {"answer": "Yes."}), (409, "is PENDING")),
    ("asking", ("answer", {"answer": "  "}), (422, "Say something")),
    ("asking", ("answer", {"answer": "x" * 100_001}), (422, "100,000 characters")),
    ("waiting", ("reassign", {}), (422, "Choose who is to do it.")),
    ("waiting", ("reassign", {"to_agent": "NOBODY"}), (404, "There is no agent")),
    ("chained", ("reassign", {"to_agent": "NOVA"}), (409, "passed NOVA already: NOVA → ATLAS → RAFA")),
]


def test_it_says_since_when_it_is_over(mia: Person, made: dict[str, Handoff]) -> None:
    passed, working = (page(mia, made[name]) for name in ("passed", "working"))
    deadline = made["passed"].deadline
    assert made["passed"].expired_at is None
    assert deadline is not None
    assert f'<dt>Expired</dt><dd><time datetime="{deadline.isoformat()}"' in passed
    assert "<dt>In progress</dt>" not in working


def test_it_says_where_it_stands(mia: Person, made: dict[str, Handoff]) -> None:
    assert {name: said for name, said in STANDS.items() if said not in page(mia, made[name])} == {}


def test_it_offers_only_the_moves_that_are_legal_now(mia: Person, vic: Person, made: dict[str, Handoff]) -> None:
    offered = {name: (ANSWER in (shown := page(mia, it)), MOVES in shown) for name, it in made.items()}
    open_ = {"first", "chained", "waiting", "low", "urgent", "near", "working", "lapsed", "answered", "reassigned"}
    assert {name for name, (_, moves) in offered.items() if moves} == open_ | {"asking"}
    assert {name for name, (answer, _) in offered.items() if answer} == {"asking"}
    for handoff in (made["asking"], made["waiting"], made["expired"]):
        shown = page(vic, handoff)
        for offer in (ANSWER, MOVES, ">Cancel it<", "Hand it over again"):
            assert offer not in shown
    assert "Hand it over again" in page(mia, made["expired"])
    assert "Hand it over again" not in page(mia, made["waiting"])


def test_it_offers_it_to_active_agents_that_have_not_had_it(mia: Person, made: dict[str, Handoff]) -> None:
    Agent.objects.filter(project=mia.project, code="ANCHOR").update(is_active=False)
    shown = page(mia, made["chained"])  # NOVA → ATLAS → RAFA
    offered = {
        code for code in ("NOVA", "ATLAS", "RAFA", "SENTINEL", "REX", "ANCHOR") if f'<option value="{code}"' in shown
    }
    assert offered == {"SENTINEL", "REX"}


def test_it_reassigns(mia: Person, made: dict[str, Handoff]) -> None:
    answer = act(mia, made["working"], "reassign", to_agent="REX", reason="Rafa is ill.")
    assert b"waits for REX now" in answer.content
    moved = again(made["working"])
    assert (moved.state, moved.to_agent.code, moved.chain) == ("PENDING", "REX", ["NOVA", "REX"])
    shown = page(mia, moved)
    assert "gave it to REX, not RAFA" in shown
    assert "Rafa is ill." in shown


def test_it_answers_and_the_work_waits_again(mia: Person, made: dict[str, Handoff]) -> None:
    answer = act(mia, made["asking"], "answer", answer="Leave it\r\nto the doctor. ")
    assert b"waits for RAFA again" in answer.content
    answered = again(made["asking"])
    assert (answered.state, answered.inputs[-1]["answer"]) == ("PENDING", "Leave it\nto the doctor.")
    shown = page(mia, answered)
    assert "Asked back" in shown
    assert "to the doctor." in shown


def test_it_cancels(mia: Person, made: dict[str, Handoff]) -> None:
    act(mia, made["waiting"], "cancel", reason="No plums left.")
    assert again(made["waiting"]).state == "CANCELED"
    assert "No plums left." in page(mia, made["waiting"])


def test_a_refusal_says_why_leads_back_and_changes_nothing(mia: Person, made: dict[str, Handoff]) -> None:
    for which, (action, sent), (status, said) in REFUSED:
        came_from = f"http://testserver{page_of(made[which])}"
        refused = mia.browser().post(action_of(made[which], action), sent, headers={"Referer": came_from})
        shown = refused.content.decode()
        assert (refused.status_code, said in shown) == (status, True), (which, action)
        assert f'href="{came_from}"' in shown, (which, action)
        assert again(made[which]).state == made[which].state, (which, action)


def test_it_shows_the_payload_as_its_type_describes_it(mia: Person, made: dict[str, Handoff]) -> None:
    shown = page(mia, made["first"])
    assert shown.index("<dt") < shown.index(">objective<") < shown.index(">background<")
    assert "<li>Two of three order again by January</li>" in shown
    assert "1,250.5" in shown
    assert "What is to be reached." in shown


def test_it_marks_a_late_result_and_keeps_it(mia: Person, made: dict[str, Handoff]) -> None:
    shown = page(mia, made["late"])
    assert shown.index("Warm bread, open door.") < shown.index("Late result") < shown.index("Come in.")
    assert "late: the handoff was completed by then" in shown
    assert "brought back a result too late" in shown


def test_it_escapes_what_agents_say(mia: Person) -> None:
    handoff = taken(mia, payload={"topic": "<script>alert(1)</script>", "notes": "a\n<b>b</b>"})
    complete_handoff(access=mia.access, handoff=handoff, result={"<i>": ["<img src=x>", {"deep": "<u>"}]})
    shown = page(mia, handoff)
    for raw in ("<script>alert", "<b>b</b>", "<img src=x>", "<u>", "<i>"):
        assert raw not in shown


def test_it_draws_the_chain_and_what_was_handed_on(mia: Person, made: dict[str, Handoff]) -> None:
    shown = page(mia, made["chained"])
    chain = shown[shown.index('class="as-chain"') : shown.index("</ol>", shown.index('class="as-chain"'))]
    places = [chain.index(said) for said in ("NOVA", made["first"].task_id, "ATLAS", "this one", "RAFA")]
    assert places == sorted(places)
    assert "handed on to <b>RAFA</b>" in page(mia, made["first"])
    assert "outside" in page(mia, made["urgent"])


def test_it_leads_to_the_run_the_trace_and_the_context(mia: Person, made: dict[str, Handoff]) -> None:
    shown = page(mia, made["chained"])
    runs = reverse("admin:agents_run_changelist")
    for link in (f"{runs}?q=run-81", f"{runs}?q={'ab' * 16}", f"{reverse('admin:agents_handoff_list')}?q=winter-2026"):
        assert f'href="{link}"' in shown
        assert mia.browser().get(link).status_code == 200
    other = hand_over(mia, "SENTINEL", context_id="winter-2026", payload={"topic": "Of the same winter"})
    assert page_of(other) in page(mia, made["chained"])


def test_it_tells_the_timeline_with_who(mia: Person, adam: Person, made: dict[str, Handoff]) -> None:
    act(adam, made["waiting"], "cancel")
    shown = page(mia, made["waiting"])
    assert '<span class="as-strong">adam</span> canceled it' in shown
    assert '<span class="as-strong">mia</span> handed it over' in shown
    assert "It went back: its lease ran out" in page(mia, made["late"])


def test_it_asks_no_more_of_the_database_because_more_was_done(mia: Person, made: dict[str, Handoff]) -> None:
    assert (queries(mia, made["first"]), queries(mia, made["chained"])) == (FIRST_HOP, LATER_HOP)
    handoff = made["chained"]
    for number in range(6):
        hand_over(mia, "SENTINEL", context_id="winter-2026", payload={"topic": f"Number {number}"})
        held = confirm_handoff(access=mia.access, handoff=handoff)
        request_input(access=mia.access, handoff=held, question=f"Why, {number}?")
        act(mia, handoff, "answer", answer="Because.")
    for number in range(5):
        HandoffResult.objects.create(handoff=handoff, attempt=1, result={"number": number}, late=True, late_reason="x")
    on = hand_over(mia, "REX", giver="RAFA", parent=handoff)
    onward = hand_over(mia, "ANCHOR", giver="REX", parent=on)
    assert {queries(mia, it) for it in (handoff, on, onward)} == {LATER_HOP}


def test_it_does_not_exist_for_a_stranger(mia: Person, stranger: Person, made: dict[str, Handoff]) -> None:
    browser = stranger.browser()
    assert browser.get(page_of(made["asking"])).status_code == 404
    for name, sent in {"answer": {"answer": "Mine."}, "cancel": {}, "reassign": {"to_agent": "REX"}}.items():
        assert browser.post(action_of(made["asking"], name), sent).status_code == 404
    assert browser.get(reverse("admin:agents_handoff_history", args=[made["asking"].pk])).status_code == 404
    assert again(made["asking"]).state == "INPUT_REQUIRED"


def test_it_lets_a_viewer_change_nothing(vic: Person, made: dict[str, Handoff]) -> None:
    for name, sent in {"answer": {"answer": "Mine."}, "cancel": {}, "reassign": {"to_agent": "REX"}}.items():
        assert vic.browser().post(action_of(made["asking"], name), sent).status_code == 403
    assert vic.browser().get(reverse("admin:agents_handoff_delete", args=[made["asking"].pk])).status_code == 403
    assert again(made["asking"]).state == "INPUT_REQUIRED"


def test_it_is_moved_by_posts_alone(mia: Person, made: dict[str, Handoff]) -> None:
    for name in ("answer", "cancel", "reassign"):
        assert mia.browser().get(action_of(made["asking"], name)).status_code == 405
    assert agent(mia, "RAFA").code == "RAFA"
