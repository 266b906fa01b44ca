"""What a project keeps of telemetry is decided by an admin; what there is and what was left out is seen by all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import strip_tags

from agents.count_drops import count_drops
from agents.models import AgentSettings, DropCount
from agents.read_settings import read_settings
from sentinel.models import Project
from tests.admin.watched import keep, make_detailed, make_run
from tests.conftest import Person

pytestmark = pytest.mark.django_db
PAGE = "/admin/agents/agentsettings/"


def words(person: Person) -> str:
    answer = person.browser().get(PAGE)
    assert answer.status_code == 200
    whole = answer.content.decode()
    return " ".join(strip_tags(whole[whole.index('class="as-page"') :].replace("</td>", " </td>")).split())


def test_it_shows_what_a_project_keeps(vic: Person) -> None:
    assert "400 daysare kept" in words(vic)
    assert "Nothing is stored yet." in words(vic)
    Project.objects.filter(pk=vic.project.pk).update(retention_days=45)
    AgentSettings.objects.create(project=vic.project, keeps_decisions=False)
    said = words(vic)
    assert "45 daysare kept" in said
    assert "left outdecisions and signals" in said


def test_it_counts_what_is_stored_by_month(vic: Person) -> None:
    now = timezone.now()
    keep(vic.project, make_detailed(now - timedelta(minutes=5)), make_run("long-ago", now - timedelta(days=95)))
    said = words(vic)
    assert f"{now - timedelta(minutes=5):%b %Y} 1 8 3 4" in said
    assert f"{now - timedelta(days=95):%b %Y} 1 0 0 0" in said
    assert f"{now - timedelta(days=95):%-d %b %Y}the oldest run" in said


def test_it_tells_what_was_left_out_in_the_last_thirty_days(vic: Person, stranger: Person) -> None:
    count_drops(project_id=vic.project.pk, door="otlp", dropped={"messages": 1200, "plain_spans": 3})
    count_drops(project_id=vic.project.pk, door="api", dropped={"quality_signals": 7})
    count_drops(project_id=stranger.project.pk, door="otlp", dropped={"documents": 99})
    long_ago = timezone.now().date() - timedelta(days=31)
    DropCount.objects.create(project=vic.project, day=long_ago, door="otlp", what="links", count=55)
    said = words(vic)
    assert "Messages to and from models1,200sent by OpenTelemetry" in said
    assert "Quality signals, which this project does not keep7sent as JSON" in said
    assert said.index("1,200") < said.index("does not keep7") < said.index("Spans of traces without")
    assert "99" not in said
    assert "Links" not in said


def test_it_lets_an_admin_decide(adam: Person) -> None:
    answer = adam.browser().post(PAGE, {"retention_days": "90"}, follow=True)
    assert "Saved." in answer.content.decode()
    assert decided(adam) == (90, False)
    adam.browser().post(PAGE, {"retention_days": "", "keeps_decisions": "on"})
    assert decided(adam) == (400, True)


def decided(person: Person) -> tuple[int, bool]:
    """As those see it who judge what comes in."""
    found = read_settings(person.project.pk)
    return found.days, found.keeps_decisions


@pytest.mark.parametrize("wrong", ["0", "-3", "3661", "many", "1.5", "9" * 50])
def test_it_takes_no_retention_that_cannot_be(adam: Person, wrong: str) -> None:
    answer = adam.browser().post(PAGE, {"retention_days": wrong})
    assert answer.status_code == 200
    assert "Something is not right yet" in answer.content.decode()
    assert decided(adam) == (400, True)


def test_it_lets_nobody_else_decide(mia: Person, vic: Person, stranger: Person) -> None:
    for person in (mia, vic):
        page = person.browser().get(PAGE).content.decode()
        assert "an admin or owner changes them" in page
        assert person.browser().post(PAGE, {"retention_days": "1"}).status_code == 403
    AgentSettings.objects.create(project=mia.project)
    stranger.browser().post(PAGE, {"retention_days": "2"})
    assert decided(mia) == (400, True)
    assert decided(stranger) == (2, False)
    assert stranger.browser().get(f"{PAGE}{mia.project.pk}/change/").status_code == 404


def test_it_shows_the_disk_to_a_superuser_alone(olga: Person) -> None:
    keep(olga.project, make_run("any"))
    assert "All projects, on disk" not in words(olga)
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True)
    said = words(olga)
    assert "All projects, on disk" in said
    assert f"{timezone.now() - timedelta(hours=1):%Y-%m}" in said
