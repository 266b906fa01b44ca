"""What is measured, as a person writes it down."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from experiments.models import Metric
from tests.admin.stage import make_draft, metric_of
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ADD = "/admin/experiments/metric/add/"


def typed(**given: Any) -> dict[str, Any]:
    fields = {"name": "Signed up", "slug": "signed_up", "kind": "conversion", "direction": "up", "measure": ""}
    return {**fields, "window": "2", "window_in": "hours", "cap_at": "", "cap_percentile": "", **given}


def address(metric: Metric) -> str:
    return reverse("admin:experiments_metric_change", args=[metric.pk])


def test_it_makes_a_metric(mia: Person) -> None:
    answer = mia.browser().post(ADD, typed(), follow=True)
    metric = Metric.objects.get(slug="signed_up")
    assert (metric.name, metric.window, metric.project) == ("Signed up", timedelta(hours=2), mia.project)
    assert b"Signed up is saved." in answer.content
    assert "2 hours" in mia.browser().get("/admin/experiments/metric/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "Signed Up"}, "Lower-case letters"),
        ({"slug": "engagement"}, "There is a metric"),
        ({"cap_at": "3"}, "A conversion is 0 or 1 and has no cap."),
        ({"kind": "mean", "cap_at": "3", "cap_percentile": "0.99"}, "not both"),
        ({"kind": "mean", "cap_at": "NaN"}, "is no number"),
        ({"window": "500", "window_in": "days"}, "A window is 0 to 365 days long."),
    ],
)
def test_it_says_what_is_wrong(mia: Person, wrong: dict[str, str], said: str) -> None:
    before = Metric.objects.count()
    answer = mia.browser().post(ADD, typed(**wrong))
    assert said in answer.content.decode()
    assert Metric.objects.count() == before


def test_it_changes_of_a_built_in_one_only_what_may_be_changed(mia: Person) -> None:
    metric = metric_of(mia, "click_through")
    page = mia.browser().get(address(metric)).content.decode()
    assert "Every project has it." in page
    sent = typed(name="Clicks", slug="other", kind="mean", window="3", window_in="days")
    assert mia.browser().post(address(metric), sent).status_code == 302
    metric.refresh_from_db()
    assert (metric.name, metric.slug, metric.window) == ("Clicks", "click_through", timedelta(days=3))


def test_it_shows_who_measures_it_and_keeps_viewers_and_strangers_out(
    mia: Person, vic: Person, stranger: Person
) -> None:
    draft = make_draft(mia, "Warm caption")
    metric = metric_of(mia, "click_through")
    assert draft.name in vic.browser().get(address(metric)).content.decode()
    assert vic.browser().post(address(metric), typed()).status_code == 403
    assert vic.browser().post(ADD, typed()).status_code == 403
    assert stranger.browser().get(address(metric)).status_code == 404
    assert stranger.browser().post(address(metric), typed()).status_code == 404
