"""Every page that a link leads to opens in a real browser without a complaint, wide and narrow, light and dark."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Visitor, visit
from vault.models import Prompt

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)|(?<=/)\d+\.\d+\.\d+(?=/)|(?<=/)[0-9a-f]{32}(?=/)")
# Pages to which no link leads, or only one that is shown under conditions.
UNLINKED = ["/admin/password_change/", "/admin/vault/prompt/add/", "/admin/vault/client/add/", "/api/docs/"]
BROWSABLE = ["/api/v1/prompt-vault/", "/api/v1/clients/"]
SKIPPED = ("/static/", "/api/schema", "/admin/logout/", "/admin/jsi18n/")
# With SCREENSHOTS=<folder> each page is kept as a picture, to be looked at.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_it_opens_every_page(chromium: Browser, site: str, prompt: Prompt, width: int, theme: str) -> None:
    visitor = visit(chromium, site, width, theme)
    visitor.go("/admin/login/")
    wrong = {"/admin/login/": visitor.examine()}
    keep(visitor, f"login-{width}-{theme}")
    visitor.log_in("root")
    waiting = ["/admin/", *UNLINKED, f"/admin/vault/prompt/{prompt.pk}/try/?version=latest", *BROWSABLE]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind in seen or path.startswith(SKIPPED):
            continue
        seen.add(kind)
        visitor.go(path)
        wrong[path] = visitor.examine()
        keep(visitor, f"{kind.strip('/').replace('/', '-') or 'root'}-{width}-{theme}")
        waiting += [link for link in visitor.links() if kind_of(link) not in seen]
    assert {path: told for path, told in wrong.items() if told} == {}
    assert len(seen) >= 38


def kind_of(path: str) -> str:
    """The address without what differs from row to row, so that one of each kind is opened."""
    return IDS.sub("x", path.split("?", maxsplit=1)[0])


def keep(visitor: Visitor, name: str) -> None:
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        visitor.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
