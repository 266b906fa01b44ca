"""This file lets you report what prompts earned, many at once; a bad report never costs the good ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from assay.core import assign, token
from assay.core import learn as arithmetic
from assay.core.errors import AssayError, single
from django.utils import timezone

from config.items import convert_item, time_of
from vault.learn import Learned, Report, learn
from vault.models import Prompt, Version


class Engagement(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is sent: a rate or the four counts; of a prompt, and of what served it where that is known. `at`: when."""

    id: UUID | None = None
    prompt_id: UUID | None = None
    resolution_id: str | None = None
    version: str | None = None
    unit: str | None = None
    engagement_rate: float | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    impressions: int | None = None
    at: datetime | None = None


Answer = Learned | AssayError


def report_engagement(*, project_id: UUID, items: Sequence[Any], prompt_id: UUID | None = None) -> list[Answer]:
    """For each item where it left its prompt, or why it was not taken. `prompt_id`: all are of this prompt.

    Two queries, and one for each report taken.
    """
    now = timezone.now()
    answers: dict[int, Answer] = {}
    read: dict[int, tuple[Engagement, Report]] = {}
    for place, item in enumerate(items):
        try:
            engagement = convert_item(item, Engagement)
            read[place] = engagement, _report(engagement, prompt_id, now)
        except AssayError as error:
            answers[place] = error
    prompts = _prompts(project_id, {report.prompt_id for _, report in read.values()})
    versions = _versions(project_id, {report.prompt_id for _, report in read.values()})
    taken: dict[int, Report] = {}
    for place, (engagement, report) in read.items():
        try:
            taken[place] = _of_this_project(project_id, engagement, report, prompts, versions)
        except AssayError as error:
            answers[place] = error
    learned = learn(project_id=project_id, reports=list(taken.values()))
    answers |= dict(zip(taken, learned, strict=True))
    return [answers[place] for place in range(len(items))]


def _report(engagement: Engagement, prompt_id: UUID | None, now: datetime) -> Report:
    rate, engagements, impressions = _measured(engagement)
    named = prompt_id or engagement.prompt_id
    if prompt_id is not None and engagement.prompt_id not in (None, prompt_id):
        raise single("prompt_mismatch", "/prompt_id", "This is another prompt than the address names.")
    version_id = unit_hash = None
    if engagement.resolution_id is not None:
        resolved = token.read(engagement.resolution_id)
        served = UUID(resolved.prompt_id)
        if named not in (None, served):
            raise single("prompt_mismatch", "/resolution_id", "This resolution served another prompt.")
        named, version_id, unit_hash = served, UUID(resolved.version_id), resolved.unit_hash
    if named is None:
        raise single("required", "/prompt_id", "Name the prompt, or the resolution that served it.")
    return Report(
        prompt_id=named,
        rate=rate,
        engagements=engagements,
        impressions=impressions,
        version_id=version_id,
        report_id=engagement.id,
        resolution_id=engagement.resolution_id,
        unit_hash=unit_hash,
        at=time_of(engagement.at, now=now),
    )


def _measured(engagement: Engagement) -> tuple[float, float, float]:
    """The rate, engagements and impressions. A bare rate is worth one impression, the least that can be meant."""
    counts = (engagement.likes, engagement.comments, engagement.shares, engagement.impressions)
    if engagement.engagement_rate is not None:
        if any(count is not None for count in counts):
            raise single("invalid_engagement", "/engagement_rate", "Send either engagement_rate or the counts.")
        rate = arithmetic.check_rate(engagement.engagement_rate)
        return rate, rate, 1.0
    if engagement.impressions is None:
        raise single("required", "/impressions", "Send engagement_rate, or likes, comments, shares and impressions.")
    likes, comments, shares = (count or 0 for count in counts[:3])
    rate = arithmetic.engagement_rate(likes, comments, shares, engagement.impressions)
    return rate, float(likes + comments + shares), float(engagement.impressions)


def _prompts(project_id: UUID, wanted: set[UUID]) -> set[UUID]:
    return set(Prompt.objects.in_project(project_id).filter(pk__in=wanted).values_list("pk", flat=True))


def _versions(project_id: UUID, prompts: set[UUID]) -> dict[tuple[UUID, str], UUID]:
    """Version ids by prompt and by number or by id written out."""
    rows = Version.objects.filter(project_id=project_id, prompt_id__in=prompts).values_list("prompt_id", "number", "pk")
    found: dict[tuple[UUID, str], UUID] = {}
    for prompt_id, number, pk in rows:
        found[prompt_id, number] = found[prompt_id, str(pk)] = pk
    return found


def _of_this_project(
    project_id: UUID,
    engagement: Engagement,
    report: Report,
    prompts: set[UUID],
    versions: dict[tuple[UUID, str], UUID],
) -> Report:
    """The report with every id in it checked against the project: a resolution id grants nothing."""
    if report.prompt_id not in prompts:
        pointer = "/resolution_id" if engagement.resolution_id is not None else "/prompt_id"
        raise single("not_found", pointer, "There is no such prompt.", status=404)
    if report.version_id is not None and (report.prompt_id, str(report.version_id)) not in versions:
        raise single("not_found", "/resolution_id", "There is no such version.", status=404)
    if engagement.version is None and engagement.unit is None:
        return report
    if engagement.resolution_id is not None:
        raise single("invalid_engagement", "/version", "Name either the resolution, or the version and the unit.")
    if engagement.version is None or engagement.unit is None:
        missing = "/version" if engagement.version is None else "/unit"
        raise single("required", missing, "A version and its unit are named together.")
    version_id = versions.get((report.prompt_id, engagement.version))
    if version_id is None:
        raise single("not_found", "/version", "There is no such version of this prompt.", status=404)
    unit_hash = assign.unit_hash(str(project_id), assign.check_unit(engagement.unit))
    return replace(report, version_id=version_id, unit_hash=unit_hash)
