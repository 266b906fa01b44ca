"""This file lets you teach prompts what they earned."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django.db import connection, transaction

from config.ids import uuid7

# Reports of different prompts, in one statement. The prompts' rows are locked before they are read, always in the order
# of their ids, so that two reports at once learn one after the other and two batches never wait for each other; a
# report whose own id is there already inserts nothing and so teaches nothing. The arithmetic is that of
# `assay.core.learn`, double by double, which is what lets `recompute_scores` replay it without a difference.
LEARN = """
    WITH sent AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(prompts)s::uuid[], %(versions)s::uuid[], %(reports)s::uuid[],
            %(resolutions)s::text[], %(units)s::bytea[], %(rates)s::float8[], %(engagements)s::float8[],
            %(impressions)s::float8[], %(times)s::timestamptz[])
            AS sent (id, prompt_id, version_id, report_id, resolution_id, unit_hash, rate, engagements, impressions, at)
    ), held AS (
        SELECT id, performance_score AS score, engagement_avg AS mean, reports
        FROM vault_prompt WHERE id = ANY (%(prompts)s) AND project_id = %(project)s ORDER BY id FOR NO KEY UPDATE
    ), learned AS (
        INSERT INTO vault_engagementreport (id, project_id, prompt_id, version_id, sequence, report_id, resolution_id,
            unit_hash, engagement_rate, engagements, impressions, at, score_before, score_after)
        SELECT sent.id, %(project)s, prompt_id, version_id, held.reports + 1, report_id, resolution_id,
            unit_hash, rate, engagements, impressions, COALESCE(at, now()), score,
            0.7::float8 * score + 0.3::float8 * (rate * 10)
        FROM sent JOIN held ON held.id = sent.prompt_id ON CONFLICT (project_id, report_id) DO NOTHING
        RETURNING prompt_id, sequence, engagement_rate AS rate, engagements, impressions, score_after,
            (resolution_id IS NULL)::int AS uses
    )
    UPDATE vault_prompt AS prompt SET
        performance_score = learned.score_after,
        engagement_avg = held.mean + (learned.rate - held.mean) / learned.sequence,
        reports = learned.sequence,
        engagements = prompt.engagements + learned.engagements,
        impressions = prompt.impressions + learned.impressions,
        times_used = prompt.times_used + learned.uses
    FROM learned, held WHERE prompt.id = learned.prompt_id AND prompt.id = held.id
    RETURNING prompt.id, prompt.performance_score, prompt.engagement_avg, prompt.times_used
"""
STANDING = """
    SELECT id, performance_score, engagement_avg, times_used FROM vault_prompt
    WHERE id = ANY (%(prompts)s) AND project_id = %(project)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Engagement with one prompt. `rate` in [0, 1]; `impressions` at least `engagements`, which are at least 0.

    `at` is when it was earned, now unless said. A report that names no resolution tells of a use that nobody counted,
    and counts as one itself.
    """

    prompt_id: UUID
    rate: float
    engagements: float
    impressions: float
    version_id: UUID | None = None
    report_id: UUID | None = None
    resolution_id: str | None = None
    unit_hash: bytes | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """Where a prompt stands after a report. `updated` is false for a report that had been taken before."""

    prompt_id: UUID
    engagement_rate: float
    new_performance_score: float
    engagement_avg: float
    times_used: int
    updated: bool


Standing = tuple[float, float, int]


@transaction.atomic
def learn(*, project_id: UUID, reports: Sequence[Report]) -> list[Learned]:
    """Take the reports, in order for each prompt, and say where each left its prompt.

    As many queries as the prompt that is named most often has reports; one more where some had been taken before. All
    or none. Raises AssayError 404 when a prompt is not of this project.
    """
    learned: dict[int, Learned] = {}
    with connection.cursor() as cursor:
        for wave in _waves(reports):
            learned |= _learn_wave(cursor, project_id, {place: reports[place] for place in wave})
    return [learned[place] for place in range(len(reports))]


def _waves(reports: Sequence[Report]) -> list[list[int]]:
    """The places of each prompt's first report, of each one's second, and so on. The first names all the prompts."""
    waves: list[list[int]] = []
    taken: defaultdict[UUID, int] = defaultdict(int)
    for place, report in enumerate(reports):
        turn = taken[report.prompt_id]
        taken[report.prompt_id] += 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(place)
    return waves


def _learn_wave(cursor: Any, project_id: UUID, reports: dict[int, Report]) -> dict[int, Learned]:
    wave = list(reports.values())
    prompts = [report.prompt_id for report in wave]
    cursor.execute(
        LEARN,
        {
            "project": project_id,
            "ids": [uuid7() for _ in wave],
            "prompts": prompts,
            "versions": [report.version_id for report in wave],
            "reports": [report.report_id for report in wave],
            "resolutions": [report.resolution_id for report in wave],
            "units": [report.unit_hash for report in wave],
            "rates": [report.rate for report in wave],
            "engagements": [report.engagements for report in wave],
            "impressions": [report.impressions for report in wave],
            "times": [report.at for report in wave],
        },
    )
    updated: dict[UUID, Standing] = {prompt_id: tuple(standing) for prompt_id, *standing in cursor.fetchall()}
    known: dict[UUID, Standing] = {}
    if len(updated) < len(wave):
        cursor.execute(STANDING, {"project": project_id, "prompts": prompts})
        known = {prompt_id: tuple(standing) for prompt_id, *standing in cursor.fetchall()}
    learned = {}
    for place, report in reports.items():
        standing = updated.get(report.prompt_id) or known.get(report.prompt_id)
        if standing is None:
            raise AssayError("not_found", "There is no such prompt.", status=404)
        score, mean, uses = standing
        learned[place] = Learned(report.prompt_id, report.rate, score, mean, uses, report.prompt_id in updated)
    return learned
