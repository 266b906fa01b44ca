"""Writing an experiment down, planning it, and starting it."""

from typing import Any

import pytest
from django.urls import reverse

from experiments.models import Experiment
from tests.admin.shelf import make_prompt
from tests.admin.stage import action_of, make_draft, page_of
from tests.conftest import Person
from vault.add_version import add_version
from vault.models import Prompt

pytestmark = pytest.mark.django_db
ADD = "/admin/experiments/experiment/add/"


def two_versions(person: Person) -> Prompt:
    prompt = make_prompt(person, "Bread caption")
    add_version(access=person.access, prompt=prompt, content="Briefly: {{ dish }}.", note="Shorter")
    return prompt


def typed(**given: Any) -> dict[str, Any]:
    return {
        "name": "Shorter is better",
        "hypothesis": "They read it to the end.",
        "control-share": "50",
        "arm-0-version": "1.1.0",
        "arm-0-share": "50",
        "primary_metric": "click_through",
        "smallest_effect": "5",
        "guard-0-metric": "response_time_ms",
        "guard-0-margin": "2,5",
        "secondary_metrics": ["engagement"],
        "mode": "approval",
        "significance": "5",
        "min_sample_size": "100",
        "max_duration_days": "14",
        "holdback": "2.5",
        "ramp-0-coverage": "10",
        "ramp-0-minutes": "30",
        "ramp-0-units": "50",
        "ramp-1-coverage": "100",
        **given,
    }


def test_it_chooses_a_prompt_first(mia: Person, stranger: Person) -> None:
    prompt = two_versions(mia)
    make_prompt(mia, "Nowhere", publish=False)
    page = mia.browser().get(ADD).content.decode()
    assert f"?prompt={prompt.pk}" in page
    assert "Nowhere" not in page
    assert "No prompt in production has this in its name" in mia.browser().get(f"{ADD}?q=rye%00").content.decode()
    form = mia.browser().get(f"{ADD}?prompt={prompt.pk}").content.decode()
    assert '<option value="1.1.0" selected>' in form  # the newest is what one wants to try
    assert '<option value="1.0.0"' not in form  # the control is no treatment
    assert stranger.browser().get(f"{ADD}?prompt={prompt.pk}").status_code == 404
    assert mia.browser().get(f"{ADD}?prompt=nonsense").status_code == 404


def test_it_saves_what_was_typed_and_shows_it_again(mia: Person) -> None:
    prompt = two_versions(mia)
    answer = mia.browser().post(f"{ADD}?prompt={prompt.pk}", typed(), follow=True)
    draft = Experiment.objects.get()
    assert b"is a draft. Nobody meets it until it is started." in answer.content
    assert [(str(arm.version), arm.share) for arm in draft.arms.select_related("version")] == [
        ("1.0.0", 5000),
        ("1.1.0", 5000),
    ]
    assert (draft.mode, draft.smallest_effect, draft.holdback, draft.max_duration_days) == ("approval", 0.05, 250, 14)
    assert [(guard.metric.slug, guard.margin) for guard in draft.guardrails.all()] == [("response_time_ms", 0.025)]
    assert [metric.slug for metric in draft.secondary_metrics.all()] == ["engagement"]
    assert draft.ramp == [
        {"coverage": 1000, "minutes": 30, "units": 50},
        {"coverage": 10_000, "minutes": 0, "units": 0},
    ]
    form = mia.browser().get(action_of(draft, "edit")).content.decode()
    for value in ('value="Shorter is better"', 'value="2.5"', '<option value="1.1.0" selected>', 'value="10"'):
        assert value in form, value
    mia.browser().post(action_of(draft, "edit"), typed(name="Shorter wins", mode="manual"))
    draft.refresh_from_db()
    assert (draft.name, draft.mode, draft.arms.count()) == ("Shorter wins", "manual", 2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"arm-0-share": "40"}, "The shares sum to 9000 ten-thousandths"),
        ({"arm-0-share": "many"}, "is no number"),
        ({"arm-0-share": "33.333"}, "two decimals at most"),
        ({"control-share": "x"}, "The control&#x27;s share"),
        ({"arm-0-version": "9.9.9"}, "Choose the version that this arm gets."),
        ({"arm-1-version": "1.1.0", "arm-1-share": "25", "arm-0-share": "25"}, "This version is an arm already."),
        ({"guard-0-metric": "nothing"}, "Choose the metric that must not get worse."),
        ({"guard-1-metric": "response_time_ms"}, "This guardrail is there twice."),
        ({"guard-0-margin": "-1"}, "A margin is a number from 0 to 10"),
        ({"ramp-0-minutes": "soon"}, "Minutes and units are whole numbers."),
        ({"smallest_effect": "NaN"}, "is no number"),
        ({"smallest_effect": "1e999"}, "is no number"),
        ({"holdback": "99"}, "less than or equal to 5000"),
        ({"primary_metric": "nothing"}, "Select a valid choice"),
        ({"name": ""}, "This field is required."),
        ({"name": "a\x00b"}, "Null characters are not allowed"),
        ({"mode": "magic"}, "Select a valid choice"),
        ({"max_duration_days": "0"}, "greater than or equal to 1"),
    ],
)
def test_it_says_what_is_wrong_where_it_was_typed(mia: Person, wrong: dict[str, str], said: str) -> None:
    prompt = two_versions(mia)
    answer = mia.browser().post(f"{ADD}?prompt={prompt.pk}", typed(**wrong))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Experiment.objects.exists()


def test_it_plans_with_a_button_and_saves_nothing(mia: Person) -> None:
    prompt = two_versions(mia)
    address = f"{ADD}?prompt={prompt.pk}"
    unknown = mia.browser().post(address, typed(plan="1")).content.decode()
    assert "Nothing is known of Click-through in this project yet" in unknown
    said = typed(plan="1", baseline_mean="0.2", baseline_deviation="0.4", units_per_day="1000")
    page = mia.browser().post(address, said).content.decode()
    assert "units in all" in page
    assert "at 1,000 units a day" in page
    assert "looked at as often as you like" in page
    bad = mia.browser().post(address, typed(plan="1", baseline_mean="x")).content.decode()
    assert "is no number" in bad
    small = mia.browser().post(address, typed(plan="1", smallest_effect="0")).content.decode()
    assert "The smallest effect lies between" in small
    assert not Experiment.objects.exists()


def test_it_starts_a_draft_or_says_what_is_missing(mia: Person) -> None:
    draft = make_draft(mia, "Warm caption")
    page = mia.browser().get(page_of(draft)).content.decode()
    assert "Ready to start" in page
    assert "Nothing is known of Click-through" in page
    missing = mia.browser().post(action_of(draft, "start"), {})
    assert missing.status_code == 200
    assert b"Nothing is known of Click-through" in missing.content
    worked_out = mia.browser().get(f"{page_of(draft)}?baseline_mean=0.2&baseline_deviation=0.4").content.decode()
    assert "as you say" in worked_out
    started = mia.browser().post(action_of(draft, "start"), {"planned_units": "1200", "reason": "Now."}, follow=True)
    draft.refresh_from_db()
    assert (draft.status, draft.planned_units, draft.coverage) == ("running", 1200, 500)
    assert b"5 % of units take part, planned with 1,200 in all" in started.content
    assert mia.browser().post(action_of(draft, "start"), {"planned_units": "1200"}).status_code == 409
    assert mia.browser().get(action_of(draft, "edit")).status_code == 302


def test_it_lists_everything_that_keeps_a_draft_from_starting(mia: Person) -> None:
    draft = make_draft(mia, "Warm caption")
    draft.arms.filter(number=1).delete()
    page = mia.browser().get(page_of(draft)).content.decode()
    assert "What keeps it from starting" in page
    assert "needs a control and at least one treatment" in page
    assert "The shares sum to 5000" in page
    refused = mia.browser().post(action_of(draft, "start"), {"planned_units": "1000"})
    assert b"needs a control and at least one treatment" in refused.content
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_it_throws_a_draft_away(mia: Person) -> None:
    draft = make_draft(mia, "Warm caption")
    mia.browser().post(action_of(draft, "discard"))
    assert not Experiment.objects.exists()


def test_it_writes_nothing_for_a_viewer(mia: Person, vic: Person) -> None:
    draft = make_draft(mia, "Warm caption")
    prompt = two_versions(mia)
    browser = vic.browser()
    assert browser.get(ADD).status_code == 403
    assert browser.post(f"{ADD}?prompt={prompt.pk}", typed()).status_code == 403
    assert browser.post(action_of(draft, "edit"), typed(name="Mine")).status_code == 403
    assert browser.post(action_of(draft, "start"), {"planned_units": "1000"}).status_code == 403
    assert "Start it" not in browser.get(page_of(draft)).content.decode()
    assert (
        "Try another version"
        not in browser.get(reverse("admin:vault_prompt_change", args=[prompt.pk])).content.decode()
    )
    draft.refresh_from_db()
    assert (draft.name, draft.status) == ("Warm caption", "draft")
