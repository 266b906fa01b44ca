"""This file lets you send fresh batches of telemetry through a server's doors, and count what is stored of them."""

import gzip
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from agents.models import Run, Step
from bench.agents_load import Sent, send
from bench.agents_runs import batch_of_runs
from bench.agents_spans import batch_of_spans
from bench.web import Web
from sentinel.create_key import create_key
from sentinel.models import Project


@dataclass(frozen=True)
class Ground:
    """A project, and how a request says that it may write to it."""

    project_id: UUID
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.key, "Content-Type": "application/json"}


@dataclass(frozen=True)
class Doors:
    """Those of a server; what is sent is laid into a folder on its way. No two batches hold the same."""

    web: Web
    folder: Path
    source: random.Random = field(default_factory=lambda: random.Random(1))

    def send_runs(self, ground: Ground, batches: int, *, mixed: bool = True) -> Sent:
        """Each batch of many agents, or of one."""
        return send(self.runs, ground.headers, self.bodies_of_runs(batches, mixed=mixed), self.folder)

    def send_spans(self, ground: Ground, batches: int, *, packed: bool = False) -> Sent:
        """As protobuf, gzipped or not."""
        headers = ground.headers | {"Content-Type": "application/x-protobuf"}
        bodies = [batch_of_spans(self.source, time.time_ns()) for _ in range(batches)]
        if packed:
            headers["Content-Encoding"] = "gzip"
            bodies = [gzip.compress(body, 5) for body in bodies]
        return send(f"{self.web.url}/otlp/v1/traces", headers, bodies, self.folder)

    @property
    def runs(self) -> str:
        return f"{self.web.url}/api/v1/runs/batch"

    def bodies_of_runs(self, batches: int, *, mixed: bool = True) -> list[bytes]:
        now = datetime.now(UTC)
        return [batch_of_runs(self.source, now, mixed=mixed) for _ in range(batches)]


def make_ground(slug: str) -> Ground:
    """A new project, and a key to it."""
    project = Project.objects.create(slug=slug, name=slug)
    maker, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    _, key = create_key(project=project, made_by=maker, permissions=["agents.read", "agents.write"], name="bench")
    return Ground(project.pk, f"Bearer {key}")


def spans_of(project_id: UUID) -> int:
    """How many are stored: each is a run or a step."""
    tables = (Run._meta.db_table, Step._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT count(*) FROM {table} WHERE project_id = %(of)s" for table in tables),
            {"of": project_id},
        )
        return sum(number for (number,) in cursor.fetchall())
