"""A run's page: what it came to, its steps in time, and what was chosen and observed at each."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from agents.admin import run_page
from agents.telemetry import facts
from experiments.models import Arm
from tests.admin.shelf import make_prompt
from tests.admin.stage import make_draft
from tests.admin.watched import keep, make_detailed, make_long, make_looping, make_run, make_untimed, page_of
from tests.agents.handing import hand_over
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def words(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(strip_tags(page[page.index('class="as-page"') :]).split())


def shown(person: Person, address: str) -> str:
    answer = person.browser().get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_puts_what_failed_on_top_and_leads_to_its_step(vic: Person) -> None:
    run = keep(vic.project, make_detailed(timezone.now() - timedelta(minutes=3)))["campaign-0412-draft"]
    page = shown(vic, page_of(run))
    assert page.index("What failed") < page.index("Step by step")
    assert 'href="?p=1#step-3">step 3, photo_search<' in page
    assert 'id="step-3"' in page


def test_it_is_headed_by_its_agent_with_the_runs_own_id_beneath(vic: Person) -> None:
    own_id = "0f8fad5b-d9cb-469f-a165-70867728950e"
    run = keep(vic.project, make_run(own_id, agent_id="ATLAS", agent_version="2.1"))[own_id]
    page = shown(vic, page_of(run))
    heading = re.search(r'class="as-head-main"><h2>(.*?)</h2>', page)
    assert heading
    assert strip_tags(heading.group(1)) == "ATLAS 2.1"
    assert f"ATLAS 2.1 {own_id} success" in words(page)


def test_it_shows_decisions_and_signals_at_their_step(vic: Person) -> None:
    run = keep(vic.project, make_detailed(timezone.now() - timedelta(minutes=3)))["campaign-0412-draft"]
    page = shown(vic, page_of(run))
    steps = {number: words_of_step(page, number) for number in range(1, 9)}
    assert "tool selection photo_search of 3, fresh data required confidence 0.82" in steps[2]
    assert "http_503" in steps[3]
    assert "tool failure unavailable: true" in steps[3]
    assert "schema valid full match: false" in steps[6]
    assert "1 more" not in steps[4]
    assert "2 more" in steps[4]
    whole = words(page).split("Of the run as a whole")[1]
    assert "orchestration path short, sequential required" in whole
    assert "token usage high usage: true" in whole


def words_of_step(page: str, number: int) -> str:
    found = re.search(rf'<li id="step-{number}".*?</li>', page, re.DOTALL)
    assert found
    return " ".join(strip_tags(found.group()).split())


def test_it_nests_steps_under_their_parents(vic: Person) -> None:
    run = keep(vic.project, make_detailed(timezone.now() - timedelta(minutes=3)))["campaign-0412-draft"]
    depths = re.findall(r'id="step-(\d)" class="as-fall-step as-depth-(\d)', shown(vic, page_of(run)))
    assert [int(depth) for _, depth in depths] == [0, 0, 1, 1, 0, 0, 0, 0]


def test_it_leads_to_the_prompt_the_experiment_and_the_family(mia: Person) -> None:
    version = make_prompt(mia).labels.get(name="production").version_id
    arm = Arm.objects.get(experiment=make_draft(mia), number=1)
    now = timezone.now()
    child = make_detailed(now - timedelta(minutes=3), version_id=version, parent="weekly-plan")
    parent = make_run("weekly-plan", now - timedelta(minutes=4), agent_id="NOVA")
    parent.trial = facts.Trial(arm.version_id, arm.experiment_id, 1)
    runs = keep(mia.project, child, parent)
    of_child, of_parent = (shown(mia, page_of(runs[name])) for name in ("campaign-0412-draft", "weekly-plan"))
    assert "Called by NOVA 1.0.0 weekly-plan" in words(of_child)
    assert page_of(runs["weekly-plan"]) in of_child
    assert "Bread caption 1.0.0" in of_child
    assert page_of(runs["campaign-0412-draft"]) in of_parent
    assert "A warmer caption, arm 1" in words(of_parent)


def test_it_shows_what_was_handed_over_out_of_it(mia: Person) -> None:
    run = keep(mia.project, make_run("planning", timezone.now() - timedelta(minutes=9), latency_ms=1.0))["planning"]
    handoff, other = hand_over(mia, run_id="planning"), hand_over(mia, run_id="another", to="ATLAS")
    page = shown(mia, page_of(run))
    assert f"It handed over {handoff.task_id} content_brief to RAFA pending" in words(page).replace(
        "RAFApending", "RAFA pending"
    )
    assert f"/admin/agents/handoff/{handoff.pk}/change/" in page
    assert other.task_id not in page


def test_it_says_so_when_the_caller_was_not_heard_of(vic: Person) -> None:
    run = keep(vic.project, make_run("called", parent_run_id="nobody"))["called"]
    assert "Called by nobody, which was not heard of" in words(shown(vic, page_of(run)))


def test_it_names_nothing_of_another_project(vic: Person, stranger: Person) -> None:
    version = make_prompt(stranger, "Oak caption").labels.get(name="production").version_id
    assert version is not None
    keep(stranger.project, make_run("their-plan", agent_id="OAK-SAWYER"))
    mine = make_run("mine", parent_run_id="their-plan", trial=facts.Trial(version))
    page = shown(vic, page_of(keep(vic.project, mine)["mine"]))
    assert "Oak caption" not in page
    assert "OAK-SAWYER" not in page
    assert "a version that is not there any more" in page


def test_it_keeps_a_long_run_readable(vic: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_page, "STEPS_SHOWN", 100)
    run = keep(vic.project, make_long(timezone.now() - timedelta(minutes=9), steps=750))["long-run"]
    page = shown(vic, page_of(run))
    assert len(re.findall(r'id="step-\d+"', page)) == 100
    assert "Steps 1 to 100 of 750" in words(page)
    # The one that failed is on another page, to which both the list and the strip of all steps lead.
    assert 'href="?p=7#step-611"' in page
    last = shown(vic, f"{page_of(run)}?p=8")
    assert re.findall(r'id="step-(\d+)"', last) == [str(number) for number in range(701, 751)]
    for wrong in ("0", "9", "x", "-1", "99999999999", "²"):
        assert 'id="step-1"' in shown(vic, f"{page_of(run)}?p={wrong}")


def test_it_names_the_circle_a_run_went_through(vic: Person) -> None:
    run = keep(vic.project, make_looping(timezone.now() - timedelta(minutes=3)))["looping-run"]
    page = shown(vic, page_of(run))
    assert "It went in circles: search → read, 7 times in a row." in words(page)
    assert page.count("as-in-circle") == 14
    assert page.index('id="step-2"') < page.index('id="circle"') < page.index('id="step-3"')


def test_it_reads_well_without_times(vic: Person) -> None:
    runs = keep(vic.project, *make_untimed(timezone.now() - timedelta(minutes=3)))
    assert "as long as each took" in words(shown(vic, page_of(runs["lengths-alone"])))
    silent = words(shown(vic, page_of(runs["no-times"])))
    assert "Step by step, without times" in silent
    assert "no time told" not in silent
    assert "as long as each took" not in silent


def test_it_says_how_long_a_run_has_been_at_it(vic: Person) -> None:
    now = timezone.now()
    runs = keep(vic.project, make_run("at-it", now - timedelta(hours=5, minutes=1), status="running"))
    said = words(shown(vic, page_of(runs["at-it"])))
    assert "5 h" in said
    assert "so far" in said
    assert "It told of no step." in said


def test_it_answers_a_stranger_404(vic: Person, stranger: Person) -> None:
    run = keep(vic.project, make_run("mine"))["mine"]
    browser = stranger.browser()
    for address in (page_of(run), page_of(run).replace("change", "history"), "/admin/agents/run/nonsense/change/"):
        assert browser.get(address).status_code == 404, address
