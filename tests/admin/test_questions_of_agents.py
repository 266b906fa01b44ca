"""What agents did in sum: versions side by side, what goes together, what they chose, who calls whom."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from agents import read_settings
from agents.admin.compare_page import amount, signed
from agents.admin.correlate_page import phi
from agents.admin.windows import midnight
from agents.models import AgentSettings
from agents.telemetry import facts
from tests.admin.watched import keep, make_run
from tests.conftest import Person

pytestmark = pytest.mark.django_db
PAGES = {name: f"/admin/agents/run/{name}/" for name in ("compare", "correlate", "choices", "graph")}


@pytest.fixture(autouse=True)
def settings_read_afresh() -> Iterator[None]:
    yield
    read_settings.forget()


def page(person: Person, name: str, query: str = "") -> str:
    answer = person.browser().get(f"{PAGES[name]}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def words(person: Person, name: str, query: str = "") -> str:
    """What a page says, its cells apart."""
    whole = page(person, name, query)
    return " ".join(
        strip_tags(re.sub(r"(</t[dh]>|<br>|</span>)", r" \1", whole[whole.index('class="as-page"') :])).split()
    )


def two_versions(person: Person) -> None:
    """RAFA 1.0.0 fails in 30 of 40 runs and 2.0.0 in 4 of 40; ATLAS has one version. Failures go with one decision."""
    now = timezone.now()
    runs = []
    for version, failing in (("1.0.0", 30), ("2.0.0", 4)):
        for number in range(40):
            failed = number < failing
            at = now - timedelta(minutes=number + 2, days=1 if version == "1.0.0" else 0)
            run = make_run(
                f"{version}-{number}",
                at,
                agent_version=version,
                status="failure" if failed else "success",
                latency_ms=1000.0 + number,
                parent_run_id="plan" if number < 3 else None,
            )
            run.decisions = [
                facts.Decision(
                    own_id="d",
                    decision_type="tool_selection",
                    selected="search",
                    reason_code="tool_unavailable" if failed else "cached_data_sufficient",
                    confidence=0.5,
                )
            ]
            run.signals = [
                facts.Signal(own_id="s", signal_type="tool_success", signal_code="first_attempt", value=not failed)
            ]
            if failed:
                run.failures = [facts.Failure(own_id="f", failure_type="timeout", code="deadline_exceeded")]
            runs.append(run)
    keep(person.project, make_run("plan", now - timedelta(days=2), agent_id="ATLAS"), *runs)


def test_it_sets_the_newest_version_beside_the_one_before(vic: Person) -> None:
    two_versions(vic)
    said = words(vic, "compare")
    assert "RAFA: 1.0.0 and 2.0.0 40 and 40 finished runs." in said
    assert re.search(r"failed 75 % 30 of 40 10 % 4 of 40 −65 pp −\d+ pp to −\d+ pp", said)
    assert re.search(r"took 1.02 s 40 runs 1.02 s 40 runs", said)
    assert "timeout 75 % 30 of 40 10 % 4 of 40" in said
    assert "tool selection tool unavailable 75 % 30 of 40" in said
    assert "intervals hold all together with 95 %" in said
    for judgement in ("better", "worse", "caused", "because"):
        assert judgement not in said


def test_it_sets_the_versions_side_by_side_that_are_asked_for(vic: Person) -> None:
    two_versions(vic)
    said = words(vic, "compare", "?agent_id=RAFA&version_a=2.0.0&version_b=1.0.0")
    assert "RAFA: 2.0.0 and 1.0.0" in said
    assert re.search(r"failed 10 % 4 of 40 75 % 30 of 40 \+65 pp", said)
    assert "RAFA: 1.0.0 and 2.0.0" in words(vic, "compare", "?agent_id=RAFA&version_a=9.9.9&version_b=2.0.0")


def test_it_draws_in_full_colour_what_keeps_clear_of_zero(vic: Person) -> None:
    two_versions(vic)
    rows = {name: "as-strip-clear" in row for name, row in compared_rows(page(vic, "compare")).items()}
    assert rows["failed"]
    assert not rows["took"]


def compared_rows(whole: str) -> dict[str, str]:
    found = re.findall(r'<td data-label="Measure">(.*?)</td>(.*?)</tr>', whole, re.DOTALL)
    return {strip_tags(name).strip(): row for name, row in found}


def test_it_counts_one_run_as_one(vic: Person) -> None:
    keep(vic.project, make_run("old"), *(make_run(f"new-{number}", agent_version="2.0.0") for number in range(2)))
    said = words(vic, "compare")
    assert re.search(r"took [\d.]+ s 1 run [\d.]+ s 2 runs", said)


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [phi(it) for it in (-0.004, 0.0, -0.0, 0.004, -0.006, 1.0)] == [*["0.00"] * 4, "−0.01", "+1.00"]
    assert [amount("steps", it, sign=True) for it in (0.0, 4e-15, -0.04, -0.06)] == ["0.0", *2 * ["about 0"], "−0.1"]
    assert [signed(it) for it in (-0.0004, 0.0004, -0.0006)] == ["0.0 pp", "0.0 pp", "−0.1 pp"]


def test_it_says_what_is_missing_where_there_is_one_version(vic: Person) -> None:
    two_versions(vic)
    assert "ATLAS ran in one version only, 1.0.0." in words(vic, "compare", "?agent_id=ATLAS")


def test_it_says_that_an_agent_did_not_run_in_a_window_and_leads_to_where_it_did(vic: Person) -> None:
    last = midnight(timezone.now()) - timedelta(days=3)
    for version, at in (("1.0.0", last - timedelta(days=40)), ("2.0.0", last)):
        keep(vic.project, make_run(version, at, agent_version=version))
    keep(vic.project, make_run("other", timezone.now(), agent_id="ATLAS"))
    whole = page(vic, "compare", "?agent_id=RAFA&window=today")
    said = words(vic, "compare", "?agent_id=RAFA&window=today")
    assert f"RAFA did not run in this time. The last day on which it ran was {last:%-d %b %Y}. Show All" in said
    assert "one version only" not in said
    assert 'name="version_a"' not in whole
    (elsewhere,) = re.findall(r'<a class="as-btn" href="([^"]+)"', whole)
    assert "RAFA: 1.0.0 and 2.0.0" in words(vic, "compare", elsewhere.replace("&amp;", "&"))
    assert "RAFA ran in one version only in this time, 2.0.0. Show All" in words(
        vic, "compare", "?agent_id=RAFA&window=7d"
    )


def test_it_leads_to_a_window_no_wider_than_need_be(vic: Person) -> None:
    now = midnight(timezone.now())
    for version, days in (("1.0.0", 5), ("2.0.0", 3)):
        keep(vic.project, make_run(version, now - timedelta(days=days), agent_version=version))
    assert "did not run in this time" in words(vic, "compare", "?agent_id=RAFA&window=today")
    assert 'href="?agent_id=RAFA&amp;window=7d">Show 7 days' in page(vic, "compare", "?agent_id=RAFA&window=today")


def test_it_leads_to_the_only_version_of_an_agent(vic: Person) -> None:
    keep(vic.project, make_run("old", timezone.now() - timedelta(days=20)))
    assert 'href="?agent_id=RAFA&amp;window=30d">Show 30 days' in page(vic, "compare", "?agent_id=RAFA&window=7d")
    assert "RAFA ran in one version only, 1.0.0. As soon as" in words(vic, "compare", "?agent_id=RAFA&window=30d")


def test_it_says_that_nothing_is_known_of_an_agent_that_never_ran(vic: Person, stranger: Person) -> None:
    two_versions(vic)
    assert "Nothing is known of an agent called zz." in words(vic, "compare", "?agent_id=zz")
    assert "Nothing is known of an agent called RAFA." in words(stranger, "compare", "?agent_id=RAFA&window=today")


def test_it_draws_nothing_in_full_colour_that_a_single_run_may_have_come_to_by_chance(vic: Person) -> None:
    """Ten of a hundred runs fail, and then the first of a new version, with a decision of its own."""
    now = timezone.now()
    runs = [
        make_run(
            f"old-{number}", now - timedelta(days=1, minutes=number), status="failure" if number < 10 else "success"
        )
        for number in range(100)
    ]
    new = make_run("new", now - timedelta(minutes=1), agent_version="2.0.0", status="failure")
    new.decisions = [
        facts.Decision(
            own_id="d", decision_type="retry_strategy", selected="stop", reason_code="backoff_required", confidence=None
        )
    ]
    new.signals = [facts.Signal(own_id="s", signal_type="tool_failure", signal_code="timeout", value=True)]
    keep(vic.project, *runs, new)
    for name in ("compare", "correlate"):
        whole = page(vic, name)
        assert "as-strip" in whole
        assert "as-strip-clear" not in whole


def test_it_puts_a_rate_beside_its_base_rate_and_its_n(vic: Person) -> None:
    two_versions(vic)
    said = words(vic, "correlate")
    assert "81 finished runs, 42 % of them with failures, 58 % succeeded." in said
    assert "base rate 42 %, of 81 runs" in said
    assert re.search(r"tool unavailable 34 decided 34 times 100 % 34 runs; \d+ % to 100 % 0 % of 47 timeout 34", said)
    assert re.search(r"first attempt 100 % 46 of 46 2.9 % 1 of 35 \+0.9\d", said)
    for judgement in ("better", "worse", "because"):
        assert judgement not in said


def test_it_leads_from_a_failure_to_its_runs(vic: Person) -> None:
    two_versions(vic)
    whole = page(vic, "correlate", "?agent_id=RAFA&window=7d")
    assert "/admin/agents/run/?window=7d&amp;agent_id=RAFA&amp;failure=timeout" in whole


def test_it_counts_choices_by_reason_and_signals_by_code(vic: Person) -> None:
    two_versions(vic)
    said = words(vic, "choices")
    # 57.5 per cent.
    assert re.search(r"cached data sufficient 46 5[78] % confidence 0.50 on average of 46; versions 1.0.0, 2.0.0", said)
    assert re.search(r"first attempt 5[78] % true true 46 times, false 34 times", said)
    assert "tool unavailable 30 75 %" in words(vic, "choices", "?agent_version=1.0.0")


def test_it_draws_who_calls_whom(vic: Person) -> None:
    two_versions(vic)
    whole = page(vic, "graph")
    assert "ATLAS called RAFA 6 times" in whole
    assert re.findall(r'aria-label="Runs of (\w+)"', whole) == ["ATLAS", "RAFA"]
    assert "ATLAS RAFA 6 6" in words(vic, "graph")


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_about_the_time_agent_and_environment_that_are_chosen(vic: Person, name: str) -> None:
    two_versions(vic)
    day = (timezone.now() - timedelta(days=400)).date().isoformat()
    assert "RAFA" not in words(vic, name, f"?window={day}").replace("RAFA 1.0.0", "")
    assert "34" not in words(vic, name, "?environment=staging")


@pytest.mark.parametrize("name", PAGES)
def test_it_begins_with_all_where_nothing_ran_lately(vic: Person, name: str) -> None:
    keep(vic.project, make_run("old", timezone.now() - timedelta(days=90)))
    whole = page(vic, name)
    assert re.search(r'aria-current="page">All<', whole)
    assert "RAFA" in whole
    assert re.search(r'aria-current="page">7 days<', page(vic, name, "?window=7d"))


@pytest.mark.parametrize("name", ["correlate", "choices"])
def test_it_says_where_decisions_are_not_kept(vic: Person, name: str) -> None:
    two_versions(vic)
    AgentSettings.objects.create(project=vic.project, keeps_decisions=False)
    said = words(vic, name)
    assert "does not keep decisions" in said
    assert "34" not in said


def test_it_compares_without_decisions_where_they_are_not_kept(vic: Person) -> None:
    two_versions(vic)
    AgentSettings.objects.create(project=vic.project, keeps_decisions=False)
    said = words(vic, "compare")
    assert "failed 75 %" in said
    assert "What they decided" not in said


@pytest.mark.parametrize("name", PAGES)
def test_it_shows_a_stranger_nothing(vic: Person, stranger: Person, name: str) -> None:
    two_versions(vic)
    for query in ("", "?window=all", "?agent_id=RAFA&version_a=1.0.0&version_b=2.0.0"):
        assert "2.0.0" not in page(stranger, name, query).replace("version_b=2.0.0", "")
        assert "34" not in words(stranger, name, query)
    assert "ATLAS" not in page(stranger, name)


@pytest.mark.parametrize("name", PAGES)
def test_it_bears_whatever_an_address_says(vic: Person, name: str) -> None:
    two_versions(vic)
    odd = "x" * 300
    for query in (f"?agent_id={odd}", "?window=%00", "?agent_id=%00", "?environment=%ff", f"?version_a={odd}"):
        assert vic.browser().get(f"{PAGES[name]}{query}").status_code == 200, query


def test_it_stands_in_the_sidebar_one_at_a_time(vic: Person) -> None:
    for name, address in PAGES.items():
        whole = page(vic, name)
        sidebar = whole[whole.index('id="nav-sidebar-apps"') :]
        assert all(f'href="{other}"' in sidebar for other in PAGES.values())
        active = re.findall(r'<a[^>]*href="([^"]+)"[^>]*class="[^"]*active', sidebar)
        assert active == [address], name
