"""A request that names an Idempotency-Key happens once, however often it is sent."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from sentinel.idempotency import answer_once
from sentinel.models import IdempotentAnswer
from sentinel.tasks import tidy
from tests.api.calls import CAPTION, CLIENTS, VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.models import LabelMove, Prompt, Version


def test_it_gives_the_first_answer_again(mia: Person) -> None:
    first = call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one")
    call(mia, "PATCH", f"{VAULT}{first.json['id']}/", {"name": "changed since"})
    again = call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one")
    assert (again.status, again.json) == (first.status, first.json) == (201, first.json)
    assert Prompt.objects.count() == 1


def test_it_refuses_another_body(mia: Person) -> None:
    call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one")
    answer = call(mia, "POST", VAULT, CAPTION | {"name": "other"}, Idempotency_Key="one")
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert Prompt.objects.count() == 1


def test_it_is_another_request_elsewhere(mia: Person, stranger: Person) -> None:
    assert call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one").status == 201
    assert call(mia, "POST", CLIENTS, {"name": "Casa"}, Idempotency_Key="one").status == 201
    assert call(stranger, "POST", VAULT, CAPTION, Idempotency_Key="one").status == 201
    assert call(mia, "POST", VAULT, CAPTION | {"name": "other"}, Idempotency_Key="two").status == 201


def test_it_keeps_no_answer_of_what_failed(mia: Person) -> None:
    assert call(mia, "POST", VAULT, {}, Idempotency_Key="one").status == 422
    assert call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one").status == 201


def test_it_covers_all_that_makes_or_moves(mia: Person) -> None:
    prompt = make_prompt(mia)
    client = call(mia, "POST", CLIENTS, {"name": "Casa"}).json["id"]
    label = at(prompt, "labels/staging/")
    requests: list[tuple[str, str, Any]] = [
        ("POST", VAULT, CAPTION),
        ("PATCH", at(prompt), {"content": "Good day {{ name }}"}),
        ("POST", at(prompt, "versions/"), {"content": "Dear {{ name }}"}),
        ("POST", at(prompt, "performance/"), {"engagement_rate": 0.5}),
        ("PUT", label, {"version": "1.0.0"}),
        ("POST", label + "take-back/", None),
        ("DELETE", at(prompt, "labels/production/"), None),
        ("POST", CLIENTS, {"name": "Verde"}),
        ("PATCH", f"{CLIENTS}{client}/", {"name": "Casa Verde"}),
        ("PATCH", f"{CLIENTS}{client}/brand-voice/", {"do": ["smile"], "dont": ["shout"]}),
    ]

    def counts() -> list[int]:
        prompt.refresh_from_db()
        return [Prompt.objects.count(), Version.objects.count(), LabelMove.objects.count(), prompt.reports]

    for number, (method, path, body) in enumerate(requests):
        first = call(mia, method, path, body, Idempotency_Key=f"k{number}")
        assert first.status in (200, 201), first.body
        before = counts()
        again = call(mia, method, path, body, Idempotency_Key=f"k{number}")
        assert (again.status, again.json) == (first.status, first.json), path
        assert counts() == before


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "é"])
def test_it_refuses_a_key_that_is_none(key: str, mia: Person) -> None:
    answer = call(mia, "POST", VAULT, CAPTION, Idempotency_Key=key)
    assert (answer.status, answer.code) == (400, "invalid_idempotency_key")
    assert Prompt.objects.count() == 0


def test_it_forgets_after_a_day(mia: Person) -> None:
    call(mia, "POST", VAULT, CAPTION, Idempotency_Key="one")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    answer = call(mia, "POST", VAULT, CAPTION | {"name": "other"}, Idempotency_Key="one")
    assert answer.status == 201
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    tidy()
    assert IdempotentAnswer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_it_tells_a_second_request_that_the_first_is_under_way(mia: Person) -> None:
    started, finish = threading.Event(), threading.Event()
    done: list[tuple[int, Any]] = []

    def work() -> tuple[int, Any]:
        started.set()
        assert finish.wait(30)
        return 200, {"made": 1}

    def first() -> None:
        request = RequestFactory().post("/x", b"{}", "application/json", headers={"Idempotency-Key": "one"})
        done.append(answer_once(access=mia.access, request=request, work=work))
        connection.close()

    second = RequestFactory().post("/x", b"{}", "application/json", headers={"Idempotency-Key": "one"})
    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert started.wait(30)
        with pytest.raises(AssayError, match="idempotency_key_in_use") as refused:
            answer_once(access=mia.access, request=second, work=lambda: (200, {"made": 2}))
        assert refused.value.status == 409
    finally:
        finish.set()
        thread.join()
    assert done == [(200, {"made": 1})]
    assert answer_once(access=mia.access, request=second, work=lambda: (200, {"made": 2})) == done[0]
