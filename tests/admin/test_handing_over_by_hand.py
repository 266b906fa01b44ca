"""A person hands work over: chooses what it is, says what is asked for, and is told what is wrong where it is wrong."""

import re
from typing import Any

import pytest

from agents.models import Agent, Handoff
from agents.models.handoff_states import Priority
from tests.admin.exchange import GOAL, make_exchange
from tests.agents.handing import again, hand_over
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ADD = "/admin/agents/handoff/add/"


def typed(**given: Any) -> dict[str, Any]:
    fields = {"to_agent": "RAFA", "from_agent": "", "priority": "NORMAL", "deadline": "", "context_id": ""}
    fields |= {"lease_seconds": "300", "max_attempts": "3", "once": "a-key", "payload-topic": "Plum cake"}
    return fields | given


def send(person: Person, asked: str = "?type=content_brief", **given: Any) -> Any:
    return person.browser().post(ADD + asked, typed(**given))


def test_it_chooses_what_kind_of_work_it_is(mia: Person) -> None:
    page = mia.browser().get(ADD).content.decode()
    for name in ("content_brief", "strategic_delegation", "security_alert", "churn_intervention"):
        assert f'href="?type={name}"' in page
    fields = mia.browser().get(f"{ADD}?type=churn_intervention").content.decode()
    assert 'name="payload-client_id"' in fields
    assert "How likely they leave." in fields
    assert mia.browser().get(f"{ADD}?type=nothing").status_code == 404


def test_it_folds_away_what_most_leave_empty(mia: Person) -> None:
    def folded(page: str) -> str:
        form = page.split('class="as-columns as-columns-side"')[1]
        found = re.search(r'<details class="as-more"( open)?>(.*?)</details>', form, re.DOTALL)
        assert found is not None
        return ("open " if found[1] else "closed ") + " ".join(re.findall(r'name="payload-(\w+)"', found[2]))

    fresh = folded(mia.browser().get(f"{ADD}?type=content_brief").content.decode())
    assert fresh.startswith("closed ")
    assert "tone" in fresh.split()
    assert "topic" not in fresh.split()
    wrong = send(mia, **{"payload-max_length": "many"}).content.decode()
    assert folded(wrong).startswith("open ")


def test_it_hands_over_what_was_typed(mia: Person) -> None:
    answer = send(
        mia,
        from_agent="NOVA",
        priority="URGENT",
        deadline="2099-05-01T12:30",
        context_id="spring",
        lease_seconds="60",
        **{"payload-key_points": "One bowl\r\n\r\nNo kneading", "payload-max_length": "2200"},
    )
    made = Handoff.objects.get()
    assert answer.url == f"/admin/agents/handoff/{made.pk}/change/"
    assert made.payload == {"topic": "Plum cake", "key_points": ["One bowl", "No kneading"], "max_length": 2200}
    assert made.from_agent is not None
    assert (made.from_agent.code, made.to_agent.code, made.priority) == ("NOVA", "RAFA", Priority.URGENT)
    assert made.deadline is not None
    assert made.deadline.isoformat() == "2099-05-01T12:30:00+00:00"
    assert (made.context_id, made.lease_seconds) == ("spring", 60)
    assert made.events.get().actor == mia.user


def test_it_is_handed_over_once_when_sent_twice(mia: Person) -> None:
    assert send(mia).url == send(mia).url
    assert Handoff.objects.count() == 1
    send(mia, once="another")
    assert Handoff.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"payload-topic": ""}, "topic is missing."),
        ({"payload-max_length": "many"}, "must be a whole number"),
        ({"payload-max_length": "NaN"}, "max_length"),
        ({"payload-topic": "x" * 501}, "may have at most 500 characters"),
        ({"to_agent": ""}, "This field is required"),
        ({"to_agent": "NOBODY"}, "Select a valid choice"),
        ({"from_agent": "RAFA"}, "The chain comes back to where it was: RAFA → RAFA."),
        ({"deadline": "2001-01-01T00:00"}, "The deadline has passed already."),
        ({"deadline": "soon"}, "Enter a valid date/time"),
        ({"context_id": "two words"}, "no spaces"),
        ({"lease_seconds": "0"}, "greater than or equal to 1"),
        ({"max_attempts": "1000"}, "less than or equal to 100"),
        ({"priority": "LOUD"}, "Select a valid choice"),
    ],
)
def test_it_says_what_is_wrong_at_its_field(mia: Person, wrong: dict[str, str], said: str) -> None:
    answer = send(mia, **wrong)
    assert answer.status_code == 200
    page = answer.content.decode()
    errors = page[page.index('class="as-told"') :]
    assert said in errors
    assert re.search(r'class="as-field[^"]* as-has-errors"', page) or "as-errors" in page
    assert not Handoff.objects.exists()


def test_it_says_all_that_is_wrong_at_once(mia: Person) -> None:
    wrong = {"to_agent": "", "lease_seconds": "0", "payload-topic": "", "payload-max_length": "many"}
    page = send(mia, **wrong).content.decode()
    errors = page[page.index('class="as-told"') :]
    for said in ("This field is required", "greater than or equal to 1", "topic is missing.", "must be a whole number"):
        assert said in errors
    assert not Handoff.objects.exists()


def test_it_makes_one_like_one_that_ended(mia: Person) -> None:
    made = make_exchange(mia)
    page = mia.browser().get(f"{ADD}?again={made['expired'].task_id}").content.decode()
    assert "Happy Halloween" in page
    assert '<option value="RAFA" selected' in page
    assert '<option value="NOVA" selected' in page
    goal = hand_over(mia, "ATLAS", task_type="strategic_delegation", payload=GOAL)
    form = mia.browser().get(f"{ADD}?again={goal.task_id.lower()}").context["form"]
    sent = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    mia.browser().post(f"{ADD}?again={goal.task_id}", sent)
    repeated = Handoff.objects.order_by("-id")[0]
    assert repeated.pk != goal.pk
    assert (repeated.payload, repeated.context_id) == (GOAL, goal.context_id)


def test_it_passes_on_from_whom_it_was_with(mia: Person) -> None:
    made = make_exchange(mia)
    asked = f"?type=content_brief&after={made['first'].task_id}"
    page = mia.browser().get(ADD + asked).content.decode()
    assert '<option value="NOVA"' not in page
    assert 'name="from_agent"' not in page
    send(mia, asked)
    on = again(Handoff.objects.order_by("-id")[0])
    assert (on.chain, on.hop_count, on.parent) == (["NOVA", "ATLAS", "RAFA"], 2, made["first"])


def test_it_offers_no_agent_that_is_switched_off(mia: Person) -> None:
    Agent.objects.filter(code="RAFA").update(is_active=False)
    assert '<option value="RAFA"' not in mia.browser().get(f"{ADD}?type=content_brief").content.decode()
    assert send(mia).status_code == 200
    assert not Handoff.objects.exists()


def test_it_is_for_who_may_write_and_in_ones_own_project(mia: Person, vic: Person, stranger: Person) -> None:
    assert vic.browser().get(ADD).status_code == 403
    assert send(vic).status_code == 403
    made = hand_over(mia)
    for name in ("again", "after"):
        assert stranger.browser().get(f"{ADD}?type=content_brief&{name}={made.task_id}").status_code == 404
    send(stranger)
    assert Handoff.objects.exclude(pk=made.pk).get().project == stranger.project
