"""This file lets you time what was promised of questions: ten million decisions of 30 days, asked over HTTP."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from agents.questions.window import DAY, HOUR, Window, usual_window
from bench.agents_many import AGENTS, forget_many, make_many
from bench.row import Row, within
from bench.web import Web, serving
from sentinel.create_key import create_key
from sentinel.models import Project

TIMES = 100
FEW = 20
AGGREGATE, COMPARE = 50, 500
RAGGED = timedelta(minutes=17, seconds=5, milliseconds=250)
VERSIONS = {"version_a": "1.0", "version_b": "1.1"}


def rows() -> Iterator[Row]:
    """All of it. Takes about three minutes, most of them to make what is asked about."""
    call_command("migrate", verbosity=0)
    maker, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    project = Project.objects.create(slug="read", name="read")
    _, key = create_key(project=project, made_by=maker, permissions=["agents.read"], name="bench")
    window = usual_window(timezone.now())
    try:
        seconds = make_many(project.pk, window)
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(decisions)::bigint FROM agents_decisioncount WHERE grain = 'd'")
            ((decisions,),) = cursor.fetchall()
        yield Row(f"making {decisions:,} decisions, their runs and signals", "", f"{seconds:.0f} s")
        with serving("config.settings") as web:
            yield from _rows(Asking(web, key, window))
    finally:
        forget_many()


class Asking:
    """Questions, one after the other, each about a window of its own."""

    def __init__(self, web: Web, key: str, window: Window) -> None:
        self.web, self.key, self.window = web, key, window
        self.source = random.Random(4)

    def whole(self) -> dict[str, str]:
        """All 30 days."""
        return _told(self.window)

    def hours(self) -> dict[str, str]:
        """From some hour of the first days to some hour of the last."""
        first, last = self.source.randrange(48), self.source.randrange(48)
        return _told(Window(self.window.start + first * HOUR, self.window.end - last * HOUR))

    def ragged(self) -> dict[str, str]:
        """The same, and a part of an hour at both ends."""
        first, last = self.source.randrange(48), self.source.randrange(1, 48)
        return _told(Window(self.window.start + first * HOUR + RAGGED, self.window.end - last * HOUR + RAGGED))

    def day(self) -> dict[str, str]:
        """A day of them, from some hour on."""
        start = self.window.start + self.source.randrange(29 * 24) * HOUR
        return _told(Window(start, start + DAY))

    def agent(self) -> str:
        return f"agent-{self.source.randrange(AGENTS)}"

    def seconds(self, path: str, **asked: str) -> float:
        request = Request(f"{self.web.url}/api/v1/{path}?{urlencode(asked)}")
        request.add_header("Authorization", f"Bearer {self.key}")
        begun = time.perf_counter()
        with urlopen(request) as answer:
            answer.read()
        return time.perf_counter() - begun


def _rows(asking: Asking) -> Iterator[Row]:
    # One of each first, so that what is timed finds the rollups in memory as the second who asks does.
    for path in ("decisions/aggregate", "signals/aggregate"):
        yield _timed(asking, f"{path}, 30 days", path, AGGREGATE, asking.whole)
        yield _timed(asking, "  from hour to hour", path, AGGREGATE, asking.hours)
        yield _timed(asking, "  of one agent", path, AGGREGATE, asking.hours, agent=True)
    yield _timed(asking, "  ragged at both ends", "decisions/aggregate", None, asking.ragged)
    for path in ("correlate/decisions-failures", "correlate/signals-outcomes"):
        yield _timed(asking, f"{path}, from hour to hour", path, COMPARE, asking.hours)
        yield _timed(asking, "  ragged at both ends", path, COMPARE, asking.ragged)
    path = "compare/versions"
    yield _timed(asking, f"{path}, from hour to hour", path, COMPARE, asking.hours, agent=True, **VERSIONS)
    yield _timed(asking, "  ragged at both ends", path, COMPARE, asking.ragged, agent=True, **VERSIONS)
    yield _timed(asking, "runs, a page of 50", "runs", None, asking.whole)
    yield _timed(asking, "  of one agent that failed", "runs", None, asking.day, agent=True, status="failure")
    yield _timed(asking, "  where there is none", "runs", None, asking.whole, status="running")
    yield _timed(asking, "runs/loops, a page of 50", "runs/loops", None, asking.whole)
    yield _timed(asking, "agents/graph, a day", "agents/graph", None, asking.day)
    yield _timed(asking, "  30 days", "agents/graph", None, asking.whole, times=3)


def _timed(
    asking: Asking,
    what: str,
    path: str,
    limit: int | None,
    window: Callable[[], dict[str, str]],
    *,
    agent: bool = False,
    times: int | None = None,
    **more: str,
) -> Row:
    """p95 where something is promised, beside the median."""
    times = times or (TIMES if limit else FEW)
    taken = []
    for turn in range(times + 2):
        asked = {**window(), **more}
        if agent:
            asked["agent_id"] = asking.agent()
        seconds = asking.seconds(path, **asked)
        if turn >= 2:
            taken.append(1000 * seconds)
    p95 = statistics.quantiles(taken, n=20)[-1] if len(taken) > 2 else max(taken)
    told = f"{p95:.1f} ms (p50 {statistics.median(taken):.1f})"
    return Row(f"{what}, p95", f"≤ {limit} ms" if limit else "", told, within(limit, p95) if limit else "")


def _told(window: Window) -> dict[str, str]:
    return {"start_time": window.start.isoformat(), "end_time": window.end.isoformat()}
