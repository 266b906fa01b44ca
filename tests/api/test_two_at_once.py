"""Two who report at the very same time: the second waits for the first, and learns on top of it."""

import threading
import time

import pytest
from assay.core.learn import next_score
from django.db import connection, transaction

from tests.api.calls import Answer, at, call, make_prompt
from tests.conftest import Person

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.django_db(transaction=True)
def test_it_learns_from_the_second_on_top_of_the_first(mia: Person) -> None:
    prompt = make_prompt(mia)
    answers: list[Answer] = []

    def second() -> None:
        answers.append(call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.2}))
        connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        first = call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.9})
        thread.start()
        with connection.cursor() as cursor:
            for _ in range(600):
                cursor.execute(WAITING)
                if cursor.fetchone() == (1,):
                    break
                time.sleep(0.05)
        assert answers == []
    thread.join()
    assert first.json["new_performance_score"] == next_score(5.0, 0.9)
    assert answers[0].status == 200, answers[0].body
    assert answers[0].json["new_performance_score"] == next_score(next_score(5.0, 0.9), 0.2)
    assert answers[0].json["times_used"] == 2
    assert list(prompt.history.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
