"""What agents did, in a real browser: every page opens without a complaint, wide and narrow, light and dark."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from agents.admin.windows import midnight
from agents.count_drops import count_drops
from agents.models import AgentSettings, Run
from sentinel.models import Project
from tests.admin import watched as cast
from tests.agents.handing import hand_over
from tests.browser.conftest import visit
from tests.browser.test_every_page import keep
from tests.conftest import make_person
from vault.models import Prompt

LIST = "/admin/agents/run/"


@pytest.fixture
def watched(prompt: Prompt) -> dict[str, Run]:
    """Runs of all kinds, of the prompt's project; those with a name are of today."""
    now = timezone.now()
    # Of the day that it is in a while: it may have just begun, or end before a page asks for it.
    today = midnight(now + timedelta(minutes=15))

    def ago(minutes: int) -> datetime:
        return max(now - timedelta(minutes=minutes), today)

    version = prompt.versions.order_by("id")[0].pk
    dropped = {"messages": 1840, "tool_arguments": 412, "attributes": 77, "plain_spans": 3}
    count_drops(project_id=prompt.project_id, door="otlp", dropped=dropped)
    mia = make_person("mia", prompt.project, "admin")
    for to, giver in (("ATLAS", "NOVA"), ("RAFA", "ATLAS"), ("RAFA", "NOVA"), ("SENTINEL", None)):
        hand_over(mia, to=to, giver=giver, run_id="weekly-plan" if giver == "NOVA" else None)
    return cast.keep(
        prompt.project,
        *cast.make_traffic(now, 400),
        cast.make_run("weekly-plan", ago(50), agent_id="NOVA", latency_ms=61_000.0),
        cast.make_detailed(ago(49), version_id=version, parent="weekly-plan"),
        cast.make_looping(ago(31)),
        cast.make_long(ago(25)),
        cast.make_run("at-it", ago(4), status="running", agent_id="ATLAS"),
        *cast.make_untimed(ago(12)),
    )


def test_it_opens_every_page(chromium: Browser, site: str, prompt: Prompt, watched: dict[str, Run]) -> None:
    pages = {
        "overview": "/admin/",
        "prompt": f"/admin/vault/prompt/{prompt.pk}/change/",
        "list": LIST,
        "month": f"{LIST}?window=30d",
        "looping": f"{LIST}?window=30d&looping=yes",
        "compare": f"{LIST}compare/",
        "correlate": f"{LIST}correlate/",
        "choices": f"{LIST}choices/",
        "graph": f"{LIST}graph/?window=30d",
        "settings": "/admin/agents/agentsettings/",
        "failed": f"{LIST}?window=7d&status=failure",
        "run": cast.page_of(watched["campaign-0412-draft"]),
        "caller": cast.page_of(watched["weekly-plan"]),
        "circles": cast.page_of(watched["looping-run"]),
        "long": f"{cast.page_of(watched['long-run'])}?p=4",
        "lengths": cast.page_of(watched["lengths-alone"]),
        "silent": cast.page_of(watched["no-times"]),
        "running": cast.page_of(watched["at-it"]),
    }
    wrong = {}
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        visitor = visit(chromium, site, width, theme)
        visitor.log_in("root")
        for name, path in pages.items():
            visitor.go(path)
            wrong[name, width, theme] = visitor.examine()
            keep(visitor, f"agents-{name}-{width}-{theme}")
        visitor.page.context.close()
    assert {page: told for page, told in wrong.items() if told} == {}


def test_it_opens_before_the_first_run(chromium: Browser, site: str) -> None:
    for width, theme in ((1280, "light"), (390, "dark")):
        visitor = visit(chromium, site, width, theme)
        visitor.log_in("root")
        visitor.go(LIST)
        assert visitor.examine() == []
        keep(visitor, f"agents-none-{width}-{theme}")
        visitor.page.context.close()


def test_it_goes_from_the_overview_to_what_failed_at_its_step(
    chromium: Browser, site: str, watched: dict[str, Run]
) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    page.get_by_role("link", name="failed,").first.click()
    expect(page.get_by_label("Status")).to_have_value("failure")
    expect(page.locator(".as-state-success")).to_have_count(0)
    page.get_by_role("link", name="looping-run").click()
    expect(page.get_by_text("It went in circles")).to_contain_text("search → read")
    page.get_by_role("link", name="Where it begins").click()
    expect(page.locator(".as-in-circle").first).to_be_in_viewport()

    visitor.go(LIST)
    page.get_by_role("link", name="slowest first").click()
    expect(page.locator(".as-runs tbody tr").first).to_contain_text("long-run")
    page.get_by_role("link", name="long-run").click()
    page.get_by_role("link", name="step 611").click()
    step = page.locator("#step-611")
    expect(step).to_be_in_viewport()
    expect(step).to_contain_text("failure")
    page.get_by_role("link", name="Steps 2401 to 2500").click()
    expect(page.locator("#step-2500")).to_be_attached()
    assert visitor.examine() == []


def test_it_asks_by_choosing(chromium: Browser, site: str, watched: dict[str, Run]) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    visitor.go(LIST)
    page.get_by_role("link", name="30 days").click()
    page.get_by_label("Agent", exact=True).select_option("REX")
    expect(page.locator(".as-runs tbody tr").first).to_contain_text("REX")
    expect(page.locator(".as-runs").get_by_text("ATLAS")).to_have_count(0)
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("Agent", exact=True)).to_have_value("")

    page.get_by_role("link", name="Compare versions").click()
    expect(page.get_by_role("heading", name="RAFA: 1.0.0 and 1.1.0")).to_be_visible()
    page.get_by_label("Agent", exact=True).select_option("NOVA")
    expect(page.get_by_text("NOVA ran in one version only")).to_be_visible()

    page.get_by_role("link", name="Who calls whom").click()
    page.get_by_role("link", name="Runs of NOVA").click()
    expect(page.get_by_label("Agent", exact=True)).to_have_value("NOVA")
    assert visitor.examine() == []


def test_it_switches_decisions_off(chromium: Browser, site: str, prompt: Prompt, watched: dict[str, Run]) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    visitor.go("/admin/agents/agentsettings/")
    page.get_by_label("Keep decisions and quality signals").uncheck()
    # Nothing is lost by this: it asks nothing.
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert not AgentSettings.objects.get(project=prompt.project).keeps_decisions
    page.get_by_role("link", name="Decisions and signals").click()
    expect(page.get_by_text("does not keep decisions")).to_be_visible()
    assert visitor.examine() == []


def test_it_asks_before_fewer_days_are_kept(chromium: Browser, site: str, prompt: Prompt) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page, asked = visitor.page, list[str]()
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    visitor.go("/admin/agents/agentsettings/")
    for days, questions in (("500", 0), ("499", 1), ("", 2)):
        page.get_by_label("Keep runs and executions").fill(days)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        assert len(asked) == questions, days
        visitor.go("/admin/agents/agentsettings/")
    assert all("does not come back" in question for question in asked)
    assert Project.objects.get(pk=prompt.project_id).retention_days is None
    assert visitor.examine() == []
