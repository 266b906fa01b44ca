"""The list of runs answers its usual questions at one click, and never looks through everything at once."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from agents.admin import asked_runs, runs_page
from agents.models import Run
from agents.questions import find_runs
from agents.telemetry import facts
from tests.admin.shelf import make_prompt
from tests.admin.watched import keep, make_detailed, make_looping, make_run, page_of, step
from tests.conftest import Person

pytestmark = pytest.mark.django_db
LIST = "/admin/agents/run/"


def page(person: Person, query: str = "") -> str:
    answer = person.browser().get(f"{LIST}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def shown(person: Person, query: str = "") -> list[str]:
    """The names of the runs in the list, from top to bottom."""
    return re.findall(r'href="/admin/agents/run/[0-9a-f-]{36}/change/">([^<]+)<', page(person, query))


def a_few(person: Person) -> dict[str, Run]:
    """Four runs within the last minutes, and one of four days ago."""
    now = timezone.now()
    failed = make_run("failed", now - timedelta(minutes=3), status="failure", latency_ms=300.0, agent_version="2.0.0")
    failed.failures = [facts.Failure(own_id="f", failure_type="timeout", code="deadline_exceeded")]
    return keep(
        person.project,
        make_run("old", now - timedelta(days=4), status="failure"),
        make_run("slow", now - timedelta(minutes=5), latency_ms=9000.0, agent_id="ATLAS"),
        make_run("quick", now - timedelta(minutes=4), latency_ms=100.0, environment="staging"),
        failed,
        make_run("at-it", now - timedelta(minutes=1), status="running"),
    )


def test_it_shows_the_newest_first(vic: Person) -> None:
    a_few(vic)
    assert shown(vic, "?window=7d") == ["at-it", "failed", "quick", "slow", "old"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("window=7d&status=failure", ["failed", "old"]),
        ("window=7d&status=running", ["at-it"]),
        ("window=7d&failure=timeout", ["failed"]),
        ("window=7d&failure=tool", []),
        ("window=7d&agent_id=ATLAS", ["slow"]),
        ("window=7d&agent_id=RAFA&agent_version=2.0.0", ["failed"]),
        ("window=7d&environment=staging", ["quick"]),
        ("window=7d&order=slowest", ["slow", "old", "failed", "quick"]),
        ("window=7d&order=slowest&status=failure", ["old", "failed"]),
        ("window=7d&order=slowest&failure=timeout&agent_id=RAFA", ["failed"]),
        ("window=7d&agent_id=%00&environment=no+code", None),
        ("window=7d&order=nonsense&status=nonsense&version=nonsense&before=nonsense", None),
    ],
)
def test_it_answers_by_what_is_chosen(vic: Person, query: str, expected: list[str] | None) -> None:
    a_few(vic)
    assert shown(vic, f"?{query}") == (shown(vic, "?window=7d") if expected is None else expected)


def test_it_tells_of_a_day_by_its_date(vic: Person) -> None:
    old = a_few(vic)["old"]
    assert old.started_at is not None
    assert shown(vic, f"?window={old.started_at.date().isoformat()}") == ["old"]


def test_it_begins_with_a_time_in_which_something_ran(vic: Person) -> None:
    keep(vic.project, make_run("old", timezone.now() - timedelta(days=20)))
    assert shown(vic) == ["old"]
    assert re.search(r'aria-current="page">30 days<', page(vic))


def test_it_counts_as_its_tiles_say(vic: Person) -> None:
    a_few(vic)
    said = re.sub(r"<[^>]+>", " ", page(vic, "?window=7d"))
    said = " ".join(said.split())
    assert "5 runs 2 failed, 50 % 1 still running 0 went in circles" in said


def test_it_sorts_by_cost(vic: Person) -> None:
    keep(vic.project, make_run("cheap", cost_usd=0.01), make_run("dear", cost_usd=2.5), make_run("free"))
    assert shown(vic, "?window=7d&order=dearest") == ["dear", "cheap"]


def test_it_shows_what_went_in_circles_and_by_which_steps(vic: Person) -> None:
    a_few(vic)
    keep(vic.project, make_looping(timezone.now() - timedelta(minutes=9)))
    found = page(vic, "?window=7d&looping=yes")
    assert re.findall(r">(looping-run)</a>", found) == ["looping-run"]
    assert escape("in circles, 7 times") in found
    assert "Circles that come up again" in found


def test_it_finds_a_run_a_trace_and_a_session_by_name(vic: Person) -> None:
    keep(vic.project, make_detailed(timezone.now() - timedelta(days=40)))
    for name in ("campaign-0412-draft", "campaign-0412", "4bf92f3577b34da6a3ce929d0e0e4736"):
        assert shown(vic, f"?q={name}") == ["campaign-0412-draft"]
    for odd in ("nothing", "no code", "%00", "%ff", "x" * 300):
        assert shown(vic, f"?q={odd}") == []


def test_it_knows_the_runs_of_a_prompts_version_and_of_its_steps(mia: Person) -> None:
    prompt = make_prompt(mia)
    version = prompt.labels.get(name="production").version_id
    assert version is not None
    by_step = make_run("by-step", timezone.now() - timedelta(minutes=2))
    step("model", "write", 0, 100, by_step, trial=facts.Trial(version))
    keep(mia.project, make_run("by-run", trial=facts.Trial(version)), by_step, make_run("without"))
    # In the first hour of a day one of them was yesterday.
    assert shown(mia, f"?window=7d&version={version}") == ["by-step", "by-run"]
    assert shown(mia, f"?window=7d&version={version}&order=slowest") == ["by-step", "by-run"]
    assert "Bread caption 1.0.0" in page(mia, f"?version={version}")


def test_it_turns_pages_without_losing_or_repeating_a_run(vic: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_runs, "PER_PAGE", 4)
    now = timezone.now()
    keep(vic.project, *(make_run(f"run-{place}", now - timedelta(minutes=place + 1)) for place in range(10)))
    seen, query = [], "?window=7d"
    while query:
        found = page(vic, query)
        seen += re.findall(r">(run-\d)</a>", found)
        older = re.search(r'href="(\?[^"]*before=[^"]*)">Older<', found)
        query = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == [f"run-{place}" for place in range(10)]


def test_it_looks_through_so_many_at_a_time_and_says_how_far_it_came(
    vic: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (asked_runs, find_runs):
        monkeypatch.setattr(module, "LOOKED_THROUGH" if module is asked_runs else "LOOKED_AT", 5)
    monkeypatch.setattr(find_runs, "LOOKED", "ORDER BY run.id DESC OFFSET 4 LIMIT 1")
    now = timezone.now()
    runs = [make_run(f"run-{place}", now - timedelta(minutes=place + 1)) for place in range(12)]
    runs[10].status = "failure"
    runs[11].latency_ms = 99_000.0
    keep(vic.project, *runs)
    for question, wanted in (("status=failure", "run-10"), ("order=slowest", "run-11")):
        query, looks = f"?window=7d&{question}", 0
        while f">{wanted}</a>" not in (found := page(vic, query)):
            further = re.search(r'href="(\?[^"]*before=[^"]*)">Look further back<', found)
            assert further, query
            query = further.group(1).replace("&amp;", "&")
            looks += 1
        assert looks == 2


def test_it_never_counts_the_runs_one_by_one(vic: Person) -> None:
    a_few(vic)
    browser = vic.browser()
    browser.get("/admin/")
    for query in ("", "?window=all", "?window=all&status=failure", "?order=slowest", "?looping=yes", "?failure=tool"):
        with CaptureQueriesContext(connection) as asked:
            browser.get(f"{LIST}{query}")
        of_rows = [it["sql"] for it in asked if "agents_run" in it["sql"] and "agents_runcount" not in it["sql"]]
        assert of_rows
        for sql in of_rows:
            assert "LIMIT" in sql, sql
            assert "COUNT(" not in sql.upper(), sql


def test_it_tells_what_failed_in_it(vic: Person) -> None:
    a_few(vic)
    assert "deadline_exceeded" in page(vic, "?window=7d")


def test_it_shows_how_to_send_the_first_run(vic: Person, olga: Person) -> None:
    found = page(vic)
    for words in ("No run yet", "AgentTracer", "OTEL_EXPORTER_OTLP", "curl http://testserver/api/v1/runs"):
        assert words in found, words
    assert "Make a key" not in found
    assert "Make a key" in page(olga)


def test_it_shows_a_stranger_nothing(vic: Person, stranger: Person) -> None:
    runs = a_few(vic)
    assert "No run yet" in page(stranger)
    assert "No run yet" in page(stranger, "?q=slow")
    keep(vic.project, make_detailed(timezone.now() - timedelta(minutes=8)), make_looping(timezone.now()))
    keep(stranger.project, make_run("their-own", cost_usd=1))
    for query in ("", "&order=slowest", "&order=dearest"):
        assert shown(stranger, f"?window=all{query}") == ["their-own"]
    for query in ("looping=yes", "status=failure", "failure=tool", "status=failure&order=slowest"):
        assert shown(stranger, f"?window=all&{query}") == []
    for name in ("slow", "campaign-0412", "campaign-0412-draft", "4bf92f3577b34da6a3ce929d0e0e4736"):
        assert shown(stranger, f"?q={name}") == []
    assert "ATLAS" not in page(stranger, "?window=all")
    assert stranger.browser().get(page_of(runs["slow"])).status_code == 404


def test_it_offers_no_page_to_write_or_delete_a_run(olga: Person) -> None:
    run = a_few(olga)["slow"]
    browser = olga.browser()
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(page_of(run), {"run_id": "mine"}).status_code in (200, 403, 405)
    assert browser.post(f"{LIST}{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Run.objects.get(pk=run.pk).run_id == "slow"
    assert runs_page.NOT_FILTERED.keys() >= {"status", "failure", "order"}
