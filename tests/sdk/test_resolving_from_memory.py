"""A resolution comes from the bundle in memory, which follows the server in the background."""

import threading
from typing import Any

import pytest
from assay import AssayError, Message

from tests.sdk.conftest import MakeAssay
from tests.sdk.twin import Twin, make_content, make_prompt, make_scores, uuid_of, wait_until

ADA = {"name": "Ada"}


def test_it_chooses_and_fills_a_prompt(make_assay: MakeAssay) -> None:
    resolution = make_assay().resolve(category="greeting", variables=ADA)

    assert resolution.text == "Hello Ada"
    assert resolution.prompt.name == "greeting-2"
    assert resolution.version.number == "1.0.0"
    assert resolution.tier == "generic"
    assert resolution.model_settings == {"temperature": 0.5}
    assert resolution.revision == "1.1"


def test_it_fills_a_chat(twin: Twin, make_assay: MakeAssay) -> None:
    messages = [Message("system", "Be brief."), Message("user", "Greet {{ name }}.")]
    twin.publish(make_content(make_prompt(text=messages)), make_scores())

    resolution = make_assay().resolve(prompt="greeting-2", variables=ADA)

    assert resolution.messages == [Message("system", "Be brief."), Message("user", "Greet Ada.")]
    assert resolution.text is None
    assert resolution.tier == "name"


def test_it_asks_the_server_for_nothing_while_it_resolves(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(refresh_interval=60)
    assay.resolve(category="greeting", variables=ADA)
    asked = len(twin.gets)

    for _ in range(1000):
        assay.resolve(category="greeting", variables=ADA)

    assert len(twin.gets) == asked


def test_it_serves_a_published_change_soon(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"

    twin.publish_text("Good day {{ name }}", revision=2)

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Good day Ada")
    assert assay.revision == "2.2"


def test_it_fetches_scores_without_the_content(twin: Twin, make_assay: MakeAssay) -> None:
    rivals = [make_prompt(2), make_prompt(3)]
    twin.publish(make_content(*rivals), make_scores())
    assay = make_assay()
    assert assay.resolve(category="greeting", variables=ADA).prompt.id == uuid_of(2)

    twin.publish(make_content(*rivals), make_scores(2, 1, **{uuid_of(3): (9.0, 9.0, 10.0)}))

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).prompt.id == uuid_of(3))
    assert wait_until(lambda: ("/api/v1/bundle/scores", 304) in twin.gets)
    assert twin.gets.count(("/api/v1/bundle", 200)) == 1


def test_it_asks_again_when_the_content_lags_behind_the_scores(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish(make_content(make_prompt(text="Old {{ name }}")), make_scores(1, content_revision=2))
    assay = make_assay()
    assert assay.resolve(category="greeting", variables=ADA).text == "Old Ada"

    twin.publish(make_content(make_prompt(text="New {{ name }}"), revision=2), make_scores(1, content_revision=2))

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "New Ada")


def test_it_follows_a_server_that_was_set_back_to_a_backup(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish_text("Later {{ name }}", revision=9)
    assay = make_assay()
    assert assay.resolve(category="greeting", variables=ADA).text == "Later Ada"

    twin.publish_text("Earlier {{ name }}", revision=3)

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Earlier Ada")


def test_it_notices_another_content_under_the_same_number(twin: Twin, make_assay: MakeAssay) -> None:
    """A server that was set back to a backup counts on from there, and may come to the same number by another way."""
    twin.publish_text("Once {{ name }}", revision=5)
    assay = make_assay()
    assert assay.resolve(category="greeting", variables=ADA).text == "Once Ada"
    twin.stop()
    twin.publish_text("Restored {{ name }}", revision=5)
    assert wait_until(lambda: assay._engine._refresh_pace.failing)

    twin.start()

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Restored Ada")


@pytest.mark.parametrize("broken", [b"<html>Please log in</html>", b"{}", b'{"format": 7}', b"\xff", b"[" * 100_000])
def test_it_keeps_the_bundle_when_the_server_sends_something_else(
    twin: Twin, make_assay: MakeAssay, broken: bytes
) -> None:
    assay = make_assay()
    assay.resolve(category="greeting", variables=ADA)

    twin.raw["/api/v1/bundle/scores"] = broken
    seen = len(twin.gets)

    assert wait_until(lambda: len(twin.gets) >= seen + 3)
    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"category": "greeting", "variables": {}}, "missing_variable"),
        ({"category": "greeting", "variables": {"name": "Ada", "age": 36}}, "unknown_variable"),
        ({"category": "greeting", "variables": {"name": 5}}, "invalid_variable"),
        ({"category": "absent"}, "no_prompt"),
        ({"category": "greeting", "label": "absent"}, "unknown_label"),
        ({"category": "greeting", "client_id": uuid_of(1)}, "no_clients_in_bundle"),
        ({}, "invalid_context"),
        ({"category": "greeting", "prompt": "greeting-2"}, "invalid_context"),
        ({"category": 5}, "invalid_context"),
        ({"category": ["greeting"]}, "invalid_context"),
        ({"category": "greeting", "variables": ["Ada"]}, "invalid_context"),
        ({"category": "greeting", "client_id": {}}, "invalid_context"),
        ({"categry": "greeting"}, "invalid_context"),
        ({"category": "greeting", "unit": "", "variables": ADA}, "invalid_unit"),
        ({"category": "greeting", "unit": "u" * 201, "variables": ADA}, "invalid_unit"),
    ],
)
def test_it_says_what_is_wrong_with_a_call(make_assay: MakeAssay, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(AssayError) as caught:
        make_assay().resolve(**asked)

    assert caught.value.code == code


def test_it_takes_none_as_not_given(make_assay: MakeAssay) -> None:
    resolution = make_assay().resolve(
        category="greeting", vertical=None, unit=None, client_id=None, label=None, variables=ADA, fallback=None
    )

    assert resolution.text == "Hello Ada"


def test_it_is_shared_by_threads(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    texts: set[str | None] = set()

    def work() -> None:
        for number in range(500):
            texts.add(assay.resolve(category="greeting", variables={"name": f"Ada {number % 5}"}).text)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == {f"Hello Ada {number}" for number in range(5)}
    assert assay.flush()
    assert twin.uses() == 4000


def test_it_opens_again_after_it_was_closed(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    assay.resolve(category="greeting", variables=ADA)
    assert assay.close()

    twin.publish_text("Again {{ name }}", revision=2)

    assert assay.resolve(category="greeting", variables=ADA).text in {"Hello Ada", "Again Ada"}
    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Again Ada")
    uses = twin.uses()
    with assay:
        assay.resolve(category="greeting", variables=ADA)
    assert twin.uses() > uses


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_starts_its_thread_again_should_that_ever_die(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    assay.resolve(category="greeting", variables=ADA)
    thread = assay._engine._thread
    assert thread is not None
    assert wait_until(lambda: len(twin.gets) > 5)
    assay._engine._send_pace.due_at = "never"
    assert wait_until(lambda: not thread.is_alive())
    assay._engine._send_pace.due_at = 0.0

    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"
    twin.publish_text("Again {{ name }}", revision=2)

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Again Ada")
    assert assay.flush()
