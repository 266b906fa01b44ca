"""Experiments in a real browser: every state opens without a complaint, and one is drafted, started and ended."""

import pytest
from playwright.sync_api import Browser, expect

from experiments.models import Experiment
from sentinel.models import Membership
from tests.admin.stage import action_of, make_stage, page_of
from tests.browser.conftest import visit
from tests.browser.test_every_page import keep
from tests.conftest import Person, make_person
from vault.models import Prompt

LIST, METRICS = "/admin/experiments/experiment/", "/admin/experiments/metric/"


@pytest.fixture
def stage(prompt: Prompt) -> dict[str, Experiment]:
    """Started by Mia, so that root is the second person."""
    project = prompt.project
    mia = make_person("mia", project, "admin")
    adam = make_person("adam", project, "admin")
    assert Membership.objects.filter(project=project).count() == 3
    return make_stage(mia, Person(adam.user, project, adam.access, adam.key))


def test_it_opens_every_state(chromium: Browser, site: str, prompt: Prompt, stage: dict[str, Experiment]) -> None:
    pages = {name: page_of(experiment) for name, experiment in stage.items()}
    pages |= {
        "holdback": page_of(Experiment.objects.get(purpose="holdback")),
        "edit": action_of(stage["draft"], "edit"),
        "planned": f"{page_of(stage['draft'])}?baseline_mean=0.2&baseline_deviation=0.4&units_per_day=500",
        "list": LIST,
        "choose": f"{LIST}add/",
        "form": f"{LIST}add/?prompt={prompt.pk}",
        "metrics": METRICS,
        "metric": f"{METRICS}{stage['draft'].primary_metric_id}/change/",
        "new-metric": f"{METRICS}add/",
        "overview": "/admin/",
        "prompt": f"/admin/vault/prompt/{stage['verdict'].prompt_id}/change/",
    }
    wrong = {}
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        visitor = visit(chromium, site, width, theme)
        visitor.log_in("root")
        for name, path in pages.items():
            visitor.go(path)
            wrong[name, width, theme] = visitor.examine()
            keep(visitor, f"experiment-{name}-{width}-{theme}")
        visitor.page.context.close()
    assert {page: told for page, told in wrong.items() if told} == {}


def test_it_drafts_plans_starts_pauses_and_ends_one(chromium: Browser, site: str, prompt: Prompt) -> None:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    page = visitor.page
    visitor.go(f"/admin/vault/prompt/{prompt.pk}/change/")
    page.get_by_role("link", name="Try another version").click()
    page.get_by_label("Name").fill("Shorter is better")
    page.get_by_role("button", name="Add a guardrail").click()
    guardrails = page.locator("#guards [data-row]")
    expect(guardrails).to_have_count(2)
    page.get_by_label("Guardrail 1", exact=True).select_option("response_time_ms")
    page.locator("select[name=guard-1-metric]").select_option("error_rate")
    page.get_by_label("The control today").fill("0.2")
    page.get_by_label("Deviation of one unit").fill("0.4")
    page.get_by_role("button", name="Work it out").click()
    expect(page.get_by_text("units in all")).to_be_visible()
    assert not Experiment.objects.exists()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Nobody meets it until it is started")).to_be_visible()
    experiment = Experiment.objects.get()
    assert {it.metric.slug for it in experiment.guardrails.all()} == {"response_time_ms", "error_rate"}

    page.get_by_label("Or plan with so many units").fill("2000")
    page.get_by_role("button", name="Start it").click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("Too early to say")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Pause").click()
    assert Experiment.objects.get().status == "running"
    page.get_by_label("Why, for the timeline").last.fill("The shop is closed.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".as-timeline")).to_contain_text("The shop is closed.")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".as-timeline")).to_contain_text("let it go on")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("It ended without a shipping")
    assert visitor.examine() == []
