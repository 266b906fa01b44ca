"""What agents did, in a real browser: every page opens without a complaint, wide and narrow, light and dark."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from agents.models import Run
from tests.admin.watched import (
    keep as keep_runs,
)
from tests.admin.watched import (
    make_detailed,
    make_long,
    make_looping,
    make_run,
    make_traffic,
    make_untimed,
    page_of,
)
from tests.browser.conftest import visit
from tests.browser.test_every_page import keep
from vault.models import Prompt

LIST = "/admin/agents/run/"


@pytest.fixture
def watched(prompt: Prompt) -> dict[str, Run]:
    """Runs of all kinds, of the prompt's project."""
    now = timezone.now()
    version = prompt.versions.order_by("id")[0].pk
    return keep_runs(
        prompt.project,
        *make_traffic(now, 400),
        make_run("weekly-plan", now - timedelta(minutes=50), agent_id="NOVA", latency_ms=61_000.0),
        make_detailed(now - timedelta(minutes=49), version_id=version, parent="weekly-plan"),
        make_looping(now - timedelta(minutes=31)),
        make_long(now - timedelta(minutes=25)),
        make_run("at-it", now - timedelta(minutes=4), status="running", agent_id="ATLAS"),
        *make_untimed(now - timedelta(minutes=12)),
    )


def test_it_opens_every_page(chromium: Browser, site: str, prompt: Prompt, watched: dict[str, Run]) -> None:
    pages = {
        "list": LIST,
        "month": f"{LIST}?window=30d",
        "looping": f"{LIST}?window=30d&looping=yes",
        "compare": f"{LIST}compare/",
        "correlate": f"{LIST}correlate/",
        "choices": f"{LIST}choices/",
        "graph": f"{LIST}graph/",
        "settings": "/admin/agents/agentsettings/",
        "failed": f"{LIST}?window=7d&status=failure",
        "run": page_of(watched["campaign-0412-draft"]),
        "caller": page_of(watched["weekly-plan"]),
        "circles": page_of(watched["looping-run"]),
        "long": f"{page_of(watched['long-run'])}?p=4",
        "lengths": page_of(watched["lengths-alone"]),
        "silent": page_of(watched["no-times"]),
        "running": page_of(watched["at-it"]),
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
