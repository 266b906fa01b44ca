"""This file lets you count how often versions were served."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from config.ids import uuid7

# In the order of prompts, for the reason that `vault.learn` gives.
COUNT = """
    WITH sent AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(reports)s::uuid[], %(versions)s::uuid[], %(counts)s::bigint[])
            AS sent (id, report_id, version_id, count)
    ), taken AS (
        INSERT INTO vault_usagereport (id, project_id, version_id, report_id, count)
        SELECT sent.id, %(project)s, version_id, report_id, count
        FROM sent JOIN vault_version version ON version.id = version_id AND version.project_id = %(project)s
        ON CONFLICT (project_id, report_id) DO NOTHING
        RETURNING version_id, count
    ), totals AS (
        SELECT version.prompt_id, sum(taken.count) AS count
        FROM taken JOIN vault_version version ON version.id = taken.version_id GROUP BY 1
    ), held AS (
        SELECT id FROM vault_prompt WHERE id IN (SELECT prompt_id FROM totals) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE vault_prompt AS prompt SET times_used = times_used + totals.count
    FROM totals, held WHERE prompt.id = totals.prompt_id AND prompt.id = held.id
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """A version was served `count` times; `report_id` is the sender's own name of this statement."""

    report_id: UUID
    version_id: UUID
    count: int


@transaction.atomic
def count_usage(*, project_id: UUID, usages: Sequence[Usage]) -> None:
    """Add the counts to their prompts, each report once however often it is sent. Two queries.

    A version that is not of this project is passed over: who calls has told the sender already.
    """
    if not usages:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "project": project_id,
                "ids": [uuid7() for _ in usages],
                "reports": [usage.report_id for usage in usages],
                "versions": [usage.version_id for usage in usages],
                "counts": [usage.count for usage in usages],
            },
        )
