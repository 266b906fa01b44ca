"""What a web process does every few seconds, beside its requests."""

import pytest
from django.db import DatabaseError

from config import background


def test_it_does_the_rest_and_comes_again_when_one_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    def miscounts() -> None:
        raise ZeroDivisionError

    def finds_no_database() -> None:
        raise DatabaseError("it says what was in the row")

    monkeypatch.setattr(background, "_works", [miscounts, finds_no_database, lambda: done.append("the third")])
    background.do_all()
    background.do_all()
    assert done == ["the third", "the third"]
    said = [(record.levelname, record.getMessage().rpartition(".")[2]) for record in caplog.records]
    assert said == 2 * [
        ("ERROR", "miscounts failed"),
        ("WARNING", "left for later, the database does not take it: DatabaseError"),
    ]
    assert "what was in the row" not in caplog.text
