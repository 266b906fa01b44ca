"""A real browser before a real server: headless Chromium, what a person would see and what the console says."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from sentinel.models import Membership
from tests.admin.shelf import make_client, make_prompt, report
from tests.conftest import Person, make_person, make_project
from tests.live import serving
from vault.add_version import add_version
from vault.models import Prompt

PASSWORD = "correct-horse-battery"
# Milliseconds: several browsers may share two slow cores.
PATIENCE = 60_000.0
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Quiet enough for a machine without a network, and fit for root in a container.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a page must not say: a template or a script that was not carried out.
UNRENDERED = re.compile(r"\{\{|\{%|\[\[|<lambda>|object at 0x|\bundefined\b|\bNaN\b|\bNone\b|\[object ")
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} blocked ${event.blockedURI} ${event.sample}`);
    });
"""
# Two frames, and then whatever waits for a free moment.
DRAWN = """
    () => new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done, { timeout: 2000 }))))
"""
# The words of a page and of what names its parts; what people wrote themselves (a template's text) stands aside.
WORDS = """
    () => {
        const said = [document.title];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const parent = walker.currentNode.parentElement;
            if (parent.closest("script, style, textarea, template, [x-cloak], .as-text, .as-diff, pre")) continue;
            if (walker.currentNode.textContent.trim()) said.push(walker.currentNode.textContent.trim());
        }
        for (const named of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]")) {
            for (const name of ["title", "aria-label", "placeholder", "alt"]) said.push(named.getAttribute(name) ?? "");
        }
        return said.filter((words) => words);
    }
"""
NAMELESS = """
    () => [...document.querySelectorAll("#main input, #main select, #main textarea, #main button, #main a[href]")]
        .filter((it) => it.type !== "hidden" && it.checkVisibility())
        .filter((it) => !(it.labels?.length || it.getAttribute("aria-label") || it.title || it.innerText?.trim()))
        .map((it) => it.outerHTML.slice(0, 160))
"""


@dataclass
class Visitor:
    """A browser's page that remembers all it was told."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    # What the page has asked for and has not got yet.
    asked: set[Request] = field(default_factory=set)
    # What it had still asked for when it was left: the browser gives that up, and nothing is wrong with it.
    left: set[Request] = field(default_factory=set)

    def listen(self) -> None:
        self.page.on("request", self._asks)
        self.page.on("requestfinished", self._has)
        self.page.add_init_script(WATCH)
        self.page.on("console", lambda it: self._complain(it.type in ("error", "warning"), f"console: {it.text}"))
        self.page.on("pageerror", lambda it: self._complain(True, f"script: {it}"))
        self.page.on("requestfailed", self._fails)
        self.page.on("response", lambda it: self._complain(it.status >= 400, f"{it.status}: {it.url}"))

    def _asks(self, request: Request) -> None:
        if request.is_navigation_request():
            self._leave()
        self.asked.add(request)

    def _has(self, request: Request) -> None:
        self.asked.discard(request)

    def _fails(self, request: Request) -> None:
        self._has(request)
        self._complain(request not in self.left, f"failed: {request.url} {request.failure}")

    def _leave(self) -> None:
        self.left |= self.asked
        self.asked.clear()

    def _complain(self, is_bad: bool, told: str) -> None:
        if is_bad:
            self.complaints.append(told)

    def go(self, path: str) -> None:
        self._leave()
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has drawn itself and asks for nothing more, and looked again, still does not."""
        quiet, until = 0, time.monotonic() + PATIENCE / 1000
        while quiet < 3:
            assert time.monotonic() < until, f"It still asks for {[it.url for it in self.asked]}."
            # What its scripts ask for meanwhile is told before the answer comes.
            self.page.evaluate(DRAWN)
            quiet = 0 if self.asked else quiet + 1

    def log_in(self, username: str) -> None:
        self.go("/admin/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/admin/")

    def examine(self) -> list[str]:
        """All that is wrong with the page that is open."""
        found = [*self.complaints, *self.page.evaluate("window.violations")]
        self.complaints.clear()
        found += [f"unrendered: {it[:120]}" for it in self.page.evaluate(WORDS) if UNRENDERED.search(it)]
        found += [f"without a name: {it}" for it in self.page.evaluate(NAMELESS)]
        width = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if width[0] > width[1]:
            found.append(f"wider than the window: {width[0]} > {width[1]}")
        return found

    def links(self) -> list[str]:
        """Where the page leads to on this server."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map((it) => it.href)")
        return [it.removeprefix(self.address).split("#")[0] for it in found if it.startswith(self.address)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    # Playwright runs an event loop in this thread, in which Django would refuse to query.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=PATIENCE)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def prompt(transactional_db: None) -> Prompt:
    """A prompt with all that a page may show, in a project of a superuser who belongs to another one as well."""
    root = make_person("root", make_project("bakery"), "owner")
    # The server hashes as in production, where the quick hash of tests is not known.
    password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    User.objects.filter(pk=root.user.pk).update(is_superuser=True, password=password)
    Membership.objects.create(user=root.user, project=make_project("sawmill"), role="member")
    return _shelf(root)


def _shelf(root: Person) -> Prompt:
    example: dict[str, Any] = {"example_input": '{"dish": "a plum cake"}', "example_output": "Plums, finally."}
    prompt = make_prompt(root, technique="AIDA", tags=["bread"], source="us", **example)
    make_prompt(root, "Rival caption")
    chat = [{"role": "system", "content": "Be {{ tone }}."}, {"role": "user", "content": "Why {{ what }}?"}]
    make_prompt(root, "Baker's chat", kind="chat", content=chat, publish=False, category="chat")
    add_version(access=root.access, prompt=prompt, content="Briefly: {{ dish }}.", note="Shorter")
    report(prompt, 0.9, 0.7, 0.8, 0.2)
    make_client(root.project)
    return prompt


@pytest.fixture
def site(prompt: Prompt, tmp_path: Path) -> Iterator[str]:
    """The address of the running server."""
    with serving(tmp_path, workers=1) as address:
        yield address


def visit(chromium: Browser, site: str, width: int, theme: Any) -> Visitor:
    """A visitor with a window of this width, who likes it light or dark."""
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    visitor = Visitor(context.new_page(), site)
    visitor.listen()
    return visitor
