"""With no server and nothing on disk, the caller's own fallback serves, or one clear error says why not."""

import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from assay import Assay, AssayError, AssayUnavailable, AssayWarning, Message
from assay.pace import Pace

from tests.sdk.conftest import MakeAssay, run_program
from tests.sdk.patience import PATIENCE
from tests.sdk.twin import Twin, wait_until

ADA = {"name": "Ada"}

# What a test expects it asserts; a warning besides is no news here.
pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")


def refusal(assay: Assay) -> AssayUnavailable:
    with pytest.raises(AssayUnavailable) as caught:
        assay.resolve(category="greeting", variables=ADA)
    return caught.value


def test_it_raises_one_clear_error(twin: Twin, make_assay: MakeAssay) -> None:
    twin.stop()
    assay = make_assay(start_timeout=0.0)
    assert wait_until(lambda: "no answer yet" not in str(refusal(assay)))

    error = refusal(assay)

    assert error.code == "unavailable"
    assert twin.url in str(error)
    assert "ConnectError" in str(error)
    assert "fallback" in str(error)


def greeting_of(variables: dict[str, Any]) -> str:
    return f"Plain hello, {variables['name']}"


def chat_of(variables: dict[str, Any]) -> list[dict[str, str]]:
    return [{"role": "user", "content": variables["name"]}]


@pytest.mark.parametrize(
    ("fallback", "text", "messages"),
    [
        ("Plain {{ hello }}", "Plain {{ hello }}", None),
        ("", "", None),
        ([{"role": "system", "content": "Be brief."}], None, [Message("system", "Be brief.")]),
        ([Message("user", "{{ as it is }}")], None, [Message("user", "{{ as it is }}")]),
        (greeting_of, "Plain hello, Ada", None),
        (chat_of, None, [Message("user", "Ada")]),
    ],
)
def test_it_uses_the_fallback_as_it_is(
    twin: Twin, make_assay: MakeAssay, fallback: Any, text: str | None, messages: list[Message] | None
) -> None:
    twin.stop()
    assay = make_assay(start_timeout=0.1)

    resolution = assay.resolve(category="greeting", variables=ADA, fallback=fallback)

    assert (resolution.text, resolution.messages) == (text, messages)
    assert resolution.tier == "fallback"
    assert resolution.resolution_id == ""
    assay.report_engagement(resolution, engagement_rate=0.5)
    twin.start()
    assert assay.flush()
    assert twin.taken["engagement"] == {}
    assert twin.uses() == 0


@pytest.mark.parametrize("fallback", [5, [{"role": "robot", "content": "x"}], [{"content": "x"}], lambda _: None])
def test_it_says_when_a_fallback_cannot_be_used(twin: Twin, make_assay: MakeAssay, fallback: Any) -> None:
    twin.stop()

    with pytest.raises(AssayError) as caught:
        make_assay(start_timeout=0.1).resolve(category="greeting", fallback=fallback)

    assert caught.value.code == "invalid_fallback"


def test_it_falls_back_when_the_vault_has_no_such_prompt(make_assay: MakeAssay) -> None:
    assay = make_assay()

    assert assay.resolve(category="absent", fallback="Plain").text == "Plain"
    assert assay.resolve(category="greeting", label="absent", fallback="Plain").text == "Plain"


def test_it_hides_no_mistake_in_the_call_behind_a_fallback(make_assay: MakeAssay) -> None:
    with pytest.raises(AssayError) as caught:
        make_assay().resolve(category="greeting", variables={}, fallback="Plain")

    assert caught.value.code == "missing_variable"


def test_it_waits_for_the_first_bundle(twin: Twin, make_assay: MakeAssay) -> None:
    twin.answering.clear()
    threading.Timer(0.2, twin.answering.set).start()

    assert make_assay().resolve(category="greeting", variables=ADA, fallback="Plain").text == "Hello Ada"


def test_it_waits_no_longer_than_it_was_told_and_only_once(twin: Twin, make_assay: MakeAssay) -> None:
    twin.answering.clear()
    assay = make_assay(start_timeout=0.3)

    began = time.monotonic()
    for _ in range(1000):
        assert assay.resolve(category="greeting", variables=ADA, fallback="Plain").text == "Plain"

    # It never is answered; and to wait each time would take five minutes.
    assert time.monotonic() - began < 100


def test_it_finds_a_server_that_comes_up_later(twin: Twin, make_assay: MakeAssay) -> None:
    twin.stop()
    assay = make_assay(start_timeout=0.0)
    assert assay.resolve(category="greeting", variables=ADA, fallback="Plain").text == "Plain"

    twin.start()

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA, fallback="-").text == "Hello Ada")


def test_it_works_on_when_the_server_dies_and_picks_up_when_it_is_back(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    assay.resolve(category="greeting", variables=ADA)
    twin.stop()

    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"
    assert not assay.flush()
    twin.publish_text("Back {{ name }}", revision=2)
    twin.start()

    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Back Ada")
    assert assay.flush()
    assert twin.uses() >= 2


@pytest.mark.parametrize("status", [401, 403])
def test_it_keeps_the_last_bundle_when_the_key_is_revoked_and_warns_once(
    twin: Twin, make_assay: MakeAssay, status: int
) -> None:
    assay = make_assay()
    assay.resolve(category="greeting", variables=ADA)

    with pytest.warns(AssayWarning, match="refuses the key") as warned:  # noqa: PT031 - it comes from a thread
        twin.failing = status
        assert wait_until(lambda: any(warning.category is AssayWarning for warning in warned))
        assay.flush()

    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"
    assert len([warning for warning in warned if "key" in str(warning.message)]) == 1


def test_it_does_not_wait_for_a_server_that_refuses_the_key(make_assay: MakeAssay) -> None:
    assay = make_assay(key="another-key", start_timeout=3600)
    refused: list[AssayError] = []

    def ask() -> None:
        try:
            assay.resolve(category="greeting", variables=ADA)
        except AssayUnavailable as error:
            refused.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)

    assert "the key was refused, HTTP 401" in str(refused[0])


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503])
def test_it_takes_any_other_answer_as_trouble_that_may_pass(twin: Twin, make_assay: MakeAssay, status: int) -> None:
    twin.failing = status
    assay = make_assay()

    timely = wait_until(lambda: len(twin.gets) >= 2)
    twin.failing = None

    assert timely
    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"


def test_it_lets_a_process_end_soon_though_the_server_hangs() -> None:
    program = """
import sys
from assay import Assay
assay = Assay(sys.argv[1], "key", cache_dir="/dev/null/nowhere", start_timeout=0.5, timeout=3600)
print(assay.resolve(category="greeting", fallback="Plain").text)
assay._engine.queue("engagement", b'{"prompt_id": "p", "engagement_rate": 0.5}')
"""
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # connections are taken by the system, and never answered
        done = run_program(program, f"http://127.0.0.1:{hanging.getsockname()[1]}", timeout=PATIENCE)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "Plain\n"


def test_it_asks_ever_more_rarely(twin: Twin, make_assay: MakeAssay) -> None:
    twin.failing = 503
    twin.retry_after = "100"
    assay = make_assay(start_timeout=0.0)
    assert wait_until(lambda: "503" in str(refusal(assay)))

    assert assay._engine._refresh_pace.due_at - time.monotonic() > 100 - PATIENCE
    assert len(twin.gets) == 1


def test_it_waits_twice_as_long_after_each_failure_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("assay.pace.time", SimpleNamespace(monotonic=lambda: now))
    pace = Pace(interval=2.0, slowest=10.0)
    pauses = []
    for _ in range(20):
        pace.failed()
        pauses.append(pace.due_at - now)

    assert 0.04 < pauses[0] < 0.11
    assert 0.39 < pauses[3] < 0.81
    assert all(4.9 < pause < 10.1 for pause in pauses[8:])
    pace.failed(at_least=60)
    assert 59 < pace.due_at - now < 76
    pace.succeeded()
    assert not pace.failing
    assert 1.5 < pace.due_at - now < 2.1
