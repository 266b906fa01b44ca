"""This file lets you teach prompts what they earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from assay.core.errors import AssayError
from django.db import connection, transaction

from config.ids import uuid7

# One statement a report. The prompt's row is locked before it is read, so that two reports at once learn one after the
# other; a report whose own id is there already inserts nothing and so teaches nothing. The arithmetic is that of
# `assay.core.learn`, double by double, which is what lets `recompute_scores` replay it without a difference.
LEARN = """
    WITH given AS (
        SELECT %(rate)s::float8 AS rate, %(engagements)s::float8 AS engagements, %(impressions)s::float8 AS impressions
    ), before AS (
        SELECT id, performance_score AS score, engagement_avg AS mean, reports
        FROM vault_prompt WHERE id = %(prompt)s AND project_id = %(project)s FOR NO KEY UPDATE
    ), learned AS (
        INSERT INTO vault_engagementreport (id, project_id, prompt_id, version_id, sequence, report_id, resolution_id,
            unit_hash, engagement_rate, engagements, impressions, score_before, score_after)
        SELECT %(id)s, %(project)s, id, %(version)s, reports + 1, %(report)s, %(resolution)s, %(unit)s,
            rate, engagements, impressions, score, 0.7::float8 * score + 0.3::float8 * (rate * 10)
        FROM before, given ON CONFLICT (project_id, report_id) DO NOTHING
        RETURNING prompt_id, sequence, score_after
    )
    UPDATE vault_prompt AS prompt SET
        performance_score = learned.score_after,
        engagement_avg = before.mean + (given.rate - before.mean) / learned.sequence,
        reports = learned.sequence,
        engagements = prompt.engagements + given.engagements,
        impressions = prompt.impressions + given.impressions,
        times_used = prompt.times_used + %(uses)s
    FROM given, before, learned WHERE prompt.id = before.id
    RETURNING prompt.performance_score, prompt.engagement_avg, prompt.times_used
"""
STANDING = "SELECT performance_score, engagement_avg, times_used FROM vault_prompt WHERE id = %s AND project_id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Engagement with one prompt. `rate` in [0, 1]; `impressions` at least `engagements`, which are at least 0.

    A report that names no resolution tells of a use that nobody counted, and counts as one itself.
    """

    prompt_id: UUID
    rate: float
    engagements: float
    impressions: float
    version_id: UUID | None = None
    report_id: UUID | None = None
    resolution_id: str | None = None
    unit_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """Where a prompt stands after a report. `updated` is false for a report that had been taken before."""

    prompt_id: UUID
    engagement_rate: float
    new_performance_score: float
    engagement_avg: float
    times_used: int
    updated: bool


@transaction.atomic
def learn(*, project_id: UUID, reports: Sequence[Report]) -> list[Learned]:
    """Take the reports, in order for each prompt, and say where each left its prompt: one query a report.

    All or none. Raises AssayError 404 when a prompt is not of this project.
    """
    learned: dict[int, Learned] = {}
    with connection.cursor() as cursor:
        # Always in the same order of prompts: of two batches at once neither waits for what the other holds.
        for place in sorted(range(len(reports)), key=lambda place: (reports[place].prompt_id, place)):
            report = reports[place]
            cursor.execute(
                LEARN,
                {
                    "id": uuid7(),
                    "project": project_id,
                    "prompt": report.prompt_id,
                    "version": report.version_id,
                    "report": report.report_id,
                    "resolution": report.resolution_id,
                    "unit": report.unit_hash,
                    "rate": report.rate,
                    "engagements": report.engagements,
                    "impressions": report.impressions,
                    "uses": 1 if report.resolution_id is None else 0,
                },
            )
            row = cursor.fetchone()
            updated = row is not None
            if row is None:
                cursor.execute(STANDING, [report.prompt_id, project_id])
                row = cursor.fetchone()
            if row is None:
                raise AssayError("not_found", "There is no such prompt.", status=404)
            score, mean, uses = row
            learned[place] = Learned(report.prompt_id, report.rate, score, mean, uses, updated)
    return [learned[place] for place in range(len(reports))]
