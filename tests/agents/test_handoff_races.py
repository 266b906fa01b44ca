"""Many at once, some of whom crash: nothing is lost, and nothing is done twice."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.db import connection

from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.reassign_handoff import reassign_handoff
from agents.handoffs.register_payload_type import register_payload_type
from agents.handoffs.tidy_handoffs import tidy_handoffs
from agents.models import Agent, AgentMemory, Handoff, HandoffResult, PayloadType
from agents.save_agent import save_agent
from tests.agents.handing import again, agent, confirmed, hand_over
from tests.conftest import Person

WORKERS = 6
TASKS = 30


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each returned or raised, all begun together, each on a connection of its own."""
    ready = threading.Barrier(len(calls))

    def run(each: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return each()
        except AssayError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def codes(answers: list[Any]) -> Counter[str]:
    return Counter(answer.code if isinstance(answer, AssayError) else "done" for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_one_of_many_confirms(mia: Person) -> None:
    handoff = hand_over(mia)
    answers = at_once(
        [
            lambda name=f"w{number}": confirm_handoff(access=mia.access, handoff=handoff, worker=name, agent="RAFA")
            for number in range(WORKERS)
        ]
    )
    assert codes(answers) == {"done": 1, "already_confirmed": WORKERS - 1}
    (winner,) = [answer for answer in answers if isinstance(answer, Handoff)]
    told = {answer.extra["handoff"]["worker"] for answer in answers if isinstance(answer, AssayError)}
    assert told == {winner.worker}
    assert handoff.events.filter(action="confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_makes_one_handoff(mia: Person) -> None:
    answers = at_once([lambda: hand_over(mia, idempotency_key="k") for _ in range(WORKERS)])
    assert {answer.task_id for answer in answers} == {Handoff.objects.get().task_id}


@pytest.mark.django_db(transaction=True)
def test_the_same_type_is_registered_once(mia: Person) -> None:
    schema = {"type": "object", "properties": {"dish": {"type": "string"}}}
    register = partial(register_payload_type, access=mia.access, name="menu", schema=schema)
    answers = at_once([register] * WORKERS)
    assert {answer.pk for answer in answers} == {PayloadType.objects.get(name="menu").pk}


@pytest.mark.django_db(transaction=True)
def test_codes_that_differ_in_case_alone_are_given_once(mia: Person) -> None:
    project = mia.project
    names = ["pia", "PIA", "Pia", "pIA", "piA", "PiA"]
    answers = at_once(
        [partial(save_agent, access=mia.access, agent=Agent(project=project, code=code, name="Pia")) for code in names]
    )
    assert codes(answers) == {"done": 1, "code_taken": len(names) - 1}
    assert Agent.objects.in_project(project.pk).filter(code__iexact="pia").count() == 1


@pytest.mark.django_db(transaction=True)
def test_ending_it_in_different_ways_ends_it_once(mia: Person) -> None:
    rex = agent(mia, "REX")
    for _ in range(5):
        handoff = confirmed(mia)
        mine = {"access": mia.access, "handoff": handoff}
        at_once(
            [
                partial(complete_handoff, **mine, result=1, lease_id=handoff.lease_id),
                partial(complete_handoff, **mine, result=2, lease_id=handoff.lease_id),
                partial(cancel_handoff, **mine),
                partial(reassign_handoff, **mine, to_agent=rex),
                tidy_handoffs,
            ]
        )
        after = again(handoff)
        in_time = [result for result in after.results.all() if not result.late]
        ended = list(after.events.filter(action__in=["completed", "canceled"]).values_list("action", flat=True))
        assert len(ended) == 1, "canceling and completing both end it, whichever comes first"
        assert ended[0].upper() == after.state
        assert len(in_time) == (after.state == "COMPLETED")
        # Whoever brought something back, in time or late: it is there.
        assert after.results.count() == 2


@pytest.mark.django_db(transaction=True)
def test_workers_that_crash_lose_nothing_and_do_nothing_twice(mia: Person) -> None:
    tasks = [hand_over(mia, lease_seconds=1, max_attempts=100) for _ in range(TASKS)]
    rafa = agent(mia, "RAFA")
    crashed: list[Handoff] = []
    effects: Counter[str] = Counter()
    guard = threading.Lock()

    def work(name: str) -> None:
        while Handoff.objects.filter(status__in=["PENDING", "IN_PROGRESS"]).exists():
            for found in Handoff.objects.filter(to_agent=rafa).waiting().in_turn()[:3]:
                try:
                    taken = confirm_handoff(access=mia.access, handoff=found, worker=name)
                except AssayError:
                    continue
                # Every third crashes at its first attempt: it is never heard of again, until much later.
                if taken.attempt == 1 and int(taken.task_id[-1], 16) % 3 == 0:
                    with guard:
                        crashed.append(taken)
                    continue
                kept = complete_handoff(
                    access=mia.access, handoff=taken, result={"by": name}, lease_id=taken.lease_id, worker=name
                )
                if not kept.late:
                    with guard:
                        effects[taken.task_id] += 1
            threading.Event().wait(0.05)
            if name == "w0":
                tidy_handoffs()

    at_once([lambda name=f"w{number}": work(name) for number in range(WORKERS)])

    assert effects == {task.task_id: 1 for task in tasks}
    assert set(Handoff.objects.values_list("status", flat=True)) == {"COMPLETED"}
    assert HandoffResult.objects.filter(late=False).count() == TASKS
    assert len({taken.pk for taken in crashed}) == len(crashed)
    # What the crashed ones bring back after all is kept, and changes nothing.
    for taken in crashed:
        late = complete_handoff(access=mia.access, handoff=taken, result={"by": "a ghost"}, lease_id=taken.lease_id)
        assert late.late
    assert HandoffResult.objects.filter(late=True, result__by="a ghost").count() == len(crashed)
    assert AgentMemory.objects.filter(kind="handoff_outcome", superseded_by=None).count() == 2 * TASKS
