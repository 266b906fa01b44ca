"""This file lets one see what became of the latest runs that used each version of a prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

# So many of the latest runs, and of the latest steps, are looked at for a version.
LATEST = 200
USED = f"""
    SELECT asked.version_id, count(*), count(*) FILTER (WHERE run.status <> 'running'),
           count(*) FILTER (WHERE run.status = 'failure')
    FROM unnest(%(versions)s::uuid[]) AS asked (version_id) CROSS JOIN LATERAL (
        (SELECT id FROM agents_run WHERE project_id = %(project)s AND version_id = asked.version_id
         ORDER BY id DESC LIMIT {LATEST})
        UNION
        (SELECT run FROM (SELECT run FROM agents_step WHERE project_id = %(project)s AND version_id = asked.version_id
                          ORDER BY id DESC LIMIT {LATEST}) step)
    ) used JOIN agents_run run ON run.project_id = %(project)s AND run.id = used.id
    GROUP BY 1
"""  # noqa: S608 - a number of our own


@dataclass(frozen=True, slots=True)
class VersionRuns:
    """The latest runs that used a version, themselves or in a step; how many are over, and how many of those failed."""

    runs: int
    finished: int
    failed: int

    @property
    def failure_rate(self) -> float | None:
        """Of the finished ones; None where there are none."""
        return self.failed / self.finished if self.finished else None

    @property
    def are_all(self) -> bool:
        return self.runs < LATEST


def version_runs(project_id: UUID, versions: Sequence[UUID]) -> dict[UUID, VersionRuns]:
    """By version; those without any run are left out. One query, bounded for each."""
    with connection.cursor() as cursor:
        cursor.execute(USED, {"project": project_id, "versions": list(versions)})
        return {version: VersionRuns(*counts) for version, *counts in cursor.fetchall()}
