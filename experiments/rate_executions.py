"""This file lets you rate executions afterwards: by its resolution id a rating finds the newest use of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from assay.core.execution import QUALITY
from django.db import connection, transaction

from config.months import first_id
from experiments.execution_days import hold_days
from experiments.observed import hash_of_resolution, milliseconds

# Clocks differ: a use may seem to have been before what it used was served.
SLACK = timedelta(days=1)
_SENT = ", ".join(f"max(value) FILTER (WHERE name = '{name}') AS {name}" for name in QUALITY)
_SET = ", ".join(f"{name} = COALESCE(rated.{name}, execution.{name})" for name in QUALITY)
_OLD = ", ".join(f"found.{name} AS old_{name}" for name in QUALITY)
_NEW = ", ".join(f"execution.{name}" for name in QUALITY)
_ADDED = ", ".join(
    f"{name} = day.{name} + added.{name}, {name}_rated = day.{name}_rated + added.{name}_rated" for name in QUALITY
)
_SUMS = ", ".join(
    f"sum(COALESCE({name}, 0) - COALESCE(old_{name}, 0)) AS {name}, count({name}) - count(old_{name}) AS {name}_rated"
    for name in QUALITY
)
RATE = f"""
    WITH rated AS (
        SELECT resolution, least, {_SENT}
        FROM (
            -- Of two ratings of the same in one batch the later one stands.
            SELECT DISTINCT ON (resolution, name) * FROM
            unnest(%(resolutions)s::uuid[], %(leasts)s::uuid[], %(names)s::text[], %(values)s::float8[])
            WITH ORDINALITY AS sent (resolution, least, name, value, place)
            ORDER BY resolution, name, place DESC
        ) AS sent GROUP BY 1, 2
    ), found AS (
        SELECT newest.* FROM rated CROSS JOIN LATERAL (
            SELECT * FROM experiments_execution candidate
            WHERE candidate.project_id = %(project)s AND candidate.resolution = rated.resolution
              AND candidate.id >= rated.least
            ORDER BY candidate.id DESC LIMIT 1
        ) newest
    ), changed AS (
        UPDATE experiments_execution execution SET {_SET}
        FROM found JOIN rated ON rated.resolution = found.resolution
        WHERE execution.project_id = %(project)s AND execution.id = found.id
        RETURNING execution.version_id, (execution.at AT TIME ZONE 'UTC')::date AS day, {_NEW}, {_OLD}
    ), added AS (
        SELECT version_id, day, {_SUMS} FROM changed GROUP BY 1, 2
    )
    UPDATE experiments_executionday day SET {_ADDED}
    FROM added WHERE day.version_id = added.version_id AND day.day = added.day
"""  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class Rating:
    """A quality, in [0, 1], of what a resolution was used for, served at `milliseconds` of Unix time."""

    resolution_id: str
    milliseconds: int
    quality: str
    value: float


@transaction.atomic
def rate_executions(*, project_id: UUID, ratings: Sequence[Rating]) -> None:
    """Note each rating with the newest execution of its resolution; one without an execution changes nothing. Two
    queries, none for nothing."""
    if not ratings:
        return
    with connection.cursor() as cursor:
        hold_days(cursor, project_id)
        cursor.execute(
            RATE,
            {
                "project": project_id,
                "resolutions": [hash_of_resolution(rating.resolution_id) for rating in ratings],
                "leasts": [first_id(milliseconds(rating.milliseconds) - SLACK) for rating in ratings],
                "names": [rating.quality for rating in ratings],
                "values": [rating.value for rating in ratings],
            },
        )
