"""This file lets you time everything that was promised to be quick, side by side, on a database of its own."""

import csv
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from urllib.request import Request, urlopen

import msgspec
from assay import Assay
from django.contrib.auth.models import User
from django.core.management import call_command

from bench import resolving
from bench.load import has_wrk, press
from bench.publishing import time_publishing
from bench.row import Row, within
from bench.web import Web, serving
from sentinel.access import Access, access_of_installation
from sentinel.create_key import create_key
from sentinel.models import Project
from vault.create_prompt import create_prompt
from vault.learn import Report, learn
from vault.models import Prompt

SMALL, LARGE = 1_000, 10_000
RUNS, SECONDS = 3, 10
PUBLISHED = 30
WORDS = ("market", "garden", "house", "brand", "reader", "offer", "idea", "warm", "river", "stone", "honest", "clear")


@dataclass(frozen=True)
class Ground:
    """A project with so many prompts, a key to it, and one more prompt that is published again and again."""

    project: Project
    key: str
    access: Access
    moving: Prompt
    seconds_to_import: float


def rows() -> Iterator[Row]:
    """All of it. Takes about three minutes."""
    yield from resolving.rows()
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("bench")
    small, large = _ground("small", SMALL), _ground("large", LARGE)
    yield _against(f"import of {LARGE:,} prompts from a CSV", 30, large.seconds_to_import, "s")
    yield from _learning(small)
    with serving("config.settings") as web:
        yield from _over_http(web, small)
        yield _client(web, small)
        yield _published(f"published change served by all, {SMALL:,} prompts", web, small)
    with serving("config.settings") as web:
        yield _memory(web, large)
        yield _published(f"published change served by all, {LARGE:,} prompts", web, large)
        if has_wrk():
            yield from _while_publishing(web, large)
        yield _memory(web, large, " after that")


def _ground(slug: str, number: int) -> Ground:
    project = Project.objects.create(slug=slug, name=slug)
    maker = User.objects.get(username="bench")
    _, key = create_key(project=project, made_by=maker, permissions=["prompts.read", "prompts.write"], name="bench")
    access = access_of_installation(project)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prompts.csv"
        _write(file, number)
        start = time.perf_counter()
        with redirect_stderr(StringIO()):
            call_command("import_prompts", str(file), project=slug, stdout=StringIO())
        seconds = time.perf_counter() - start
    moving = create_prompt(access=access, context={"name": "moving", "category": "moving"}, content="Nothing yet")
    return Ground(project, key, access, moving, seconds)


def _write(file: Path, number: int) -> None:
    """Prompts of some 900 characters, four to a context."""
    source = random.Random(1)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "content", "category", "vertical"])
        for row in range(number):
            text = f"{resolving.TEMPLATE}\n{' '.join(source.choices(WORDS, k=100))}"
            writer.writerow([f"Prompt {row}", text, f"ad-{row % (number // 4)}", "food"])


def _against(what: str, limit: float, measured: float, unit: str) -> Row:
    return Row(what, f"≤ {limit:g} {unit}", f"{measured:.1f} {unit}", within(limit, measured))


def _learning(ground: Ground) -> Iterator[Row]:
    prompts = list(Prompt.objects.in_project(ground.project.pk).order_by("id")[:1000])
    reports = [Report(prompt_id=prompt.pk, rate=0.1, engagements=1, impressions=10) for prompt in prompts]
    for what, batch, times in (
        ("learning, a report of each of 1,000 prompts at once", reports, 10),
        ("learning, a report at a time", reports[:1], 300),
    ):
        learn(project_id=ground.project.pk, reports=batch)
        start = time.perf_counter()
        for _ in range(times):
            learn(project_id=ground.project.pk, reports=batch)
        yield Row(what, "", f"{times * len(batch) / (time.perf_counter() - start):,.0f} reports/s")


def _over_http(web: Web, ground: Ground) -> Iterator[Row]:
    what = "HTTP resolve, requests/s beside a bare view, 16 connections"
    if not has_wrk():
        yield Row(what, "≥ 0.50", "wrk is not installed")
        return
    body = msgspec.json.encode({"category": "ad-7", "vertical": "food", "variables": resolving.VALUES})
    bare, ours = [], []
    with serving("bench.bare") as ceiling:
        for server in (ceiling, web):
            press(f"{server.url}/api/v1/resolve", body, ground.key, 2)
        for _ in range(RUNS):
            bare.append(press(f"{ceiling.url}/api/v1/resolve", body, ground.key, SECONDS))
            ours.append(press(f"{web.url}/api/v1/resolve", body, ground.key, SECONDS))
    ceiling_rate = statistics.median(load.rate for load in bare)
    rate = statistics.median(load.rate for load in ours)
    errors = sum(load.errors for load in bare + ours)
    yield Row("a bare JsonResponse on the same server", "", f"{ceiling_rate:,.0f} /s")
    told = f"{rate:,.0f} /s" if not errors else f"{errors} errors"
    yield Row(what, f"≥ {0.5 * ceiling_rate:,.0f} /s", told, f"{rate / ceiling_rate:.2f}")
    for name, loads in (("a bare JsonResponse", bare), ("HTTP resolve", ours)):
        latency = f"{statistics.median(load.p50 for load in loads):.1f} / {max(load.p99 for load in loads):.1f} ms"
        yield Row(f"{name}, p50 / p99 under that load", "", latency)


def _client(web: Web, ground: Ground) -> Row:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Assay(web.url, ground.key, cache_dir=folder, start_timeout=10.0)) as client,
    ):
        return resolving.of_client(client, SMALL)


def _published(what: str, web: Web, ground: Ground) -> Row:
    taken = time_publishing(web.url, ground.key, ground.access, ground.moving, PUBLISHED)
    return Row(
        f"{what}, longest of {PUBLISHED}",
        "≤ 1 s",
        f"{max(taken):.2f} s (p50 {statistics.median(taken):.2f})",
        within(1, max(taken)),
    )


def _memory(web: Web, ground: Ground, when: str = "") -> Row:
    """Each worker is asked for everything it can be asked for first."""
    for path in ("bundle", "bundle/scores") * 10:
        request = Request(f"{web.url}/api/v1/{path}", headers={"Authorization": f"Bearer {ground.key}"})
        request.add_header("Accept-Encoding", "gzip")
        with urlopen(request) as answer:
            answer.read()
    if has_wrk():
        body = msgspec.json.encode({"category": "ad-7", "vertical": "food", "variables": resolving.VALUES})
        press(f"{web.url}/api/v1/resolve", body, ground.key, 2)
    held = web.resident()
    what = f"a web process with {LARGE:,} prompts{when}"
    return Row(what, "≤ 250 MB", "no /proc here") if held is None else _against(what, 250, held[0], "MB")


def _while_publishing(web: Web, ground: Ground) -> Iterator[Row]:
    body = msgspec.json.encode({"category": "ad-7", "vertical": "food", "variables": resolving.VALUES})
    url = f"{web.url}/api/v1/resolve"
    quiet = press(url, body, ground.key, SECONDS)
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(press, url, body, ground.key, SECONDS)
        taken = time_publishing(web.url, ground.key, ground.access, ground.moving, 6)
        busy = pressed.result()
    yield Row(f"HTTP resolve, p99 with {LARGE:,} prompts under full load", "", f"{quiet.p99:.1f} ms")
    told = f"{busy.p99:.1f} ms (longest {busy.longest:.0f})"
    yield Row("  the same while one is published every half second", "", told)
    yield Row("  and until all serve the change, longest", "≤ 1 s", f"{max(taken):.2f} s", within(1, max(taken)))
