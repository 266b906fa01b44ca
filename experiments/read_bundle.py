"""This file lets you read a project's bundle: what is served, and what it has earned, as of one instant."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
from assay.core import bundle as core
from assay.core.brand import is_empty
from django.db import connection, transaction

from experiments.models import Experiment
from experiments.models.experiments import Status
from experiments.observed import hash_of
from sentinel.models import Revision
from vault.models import Client, Prompt, VaultSettings
from vault.models.labels import LATEST
from vault.models.prompts import FIRST_SCORE
from vault.prior import prior


@contextmanager
def _snapshot() -> Iterator[None]:
    """All that is read within was true at one instant."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def read_bundle(project_id: UUID, known: core.Bundle | None = None) -> core.Bundle:
    """The project's bundle as it is now, from the database; of what is `known` only what has changed is read again."""
    with _snapshot():
        revision = Revision.objects.select_related("project").get(project_id=project_id)
        scores = _scores(revision)
        if known is not None and known.content.revision == revision.content:
            return known.with_scores(scores)
        return core.Bundle(_content(revision), scores, previous=known)


def _scores(revision: Revision) -> core.Scores:
    earned = list(
        Prompt.objects.in_project(revision.project_id)
        .active()
        .exclude(performance_score=FIRST_SCORE, reports=0)
        .values_list("id", "performance_score", "engagements", "impressions")
    )
    return core.Scores(
        revision=revision.scores,
        content_revision=revision.content,
        prior=prior((engagements, impressions) for _, _, engagements, impressions in earned),
        scores={str(id_): (score, engagements, impressions) for id_, score, engagements, impressions in earned},
    )


def _content(revision: Revision) -> core.Content:
    settings = VaultSettings.objects.filter(project_id=revision.project_id).first() or VaultSettings()
    return core.Content(
        project=core.ProjectSettings(
            id=str(revision.project_id),
            slug=revision.project.slug,
            policy="thompson" if settings.policy == "thompson" else "score",
            default_language=settings.default_language,
        ),
        revision=revision.content,
        prompts=list(_prompts(revision.project_id)),
        experiments=list(_experiments(revision.project_id)),
        clients=[
            core.Client(id=str(id_), name=name, brand=None if is_empty(brand) else brand)
            for id_, name, brand in Client.objects.in_project(revision.project_id)
            .active()
            .order_by("id")
            .values_list("id", "name", "brand_file")
        ],
    )


# Each active prompt's labels, the newest version as `latest` among them.
LABELLED = """
    SELECT label.prompt_id, label.name, label.version_id
    FROM vault_label label JOIN vault_prompt prompt ON prompt.id = label.prompt_id
    WHERE prompt.project_id = %(project)s AND prompt.is_active
    UNION ALL
    (SELECT DISTINCT ON (version.prompt_id) version.prompt_id, %(latest)s, version.id
    FROM vault_version version JOIN vault_prompt prompt ON prompt.id = version.prompt_id
    WHERE prompt.project_id = %(project)s AND prompt.is_active
    ORDER BY version.prompt_id, major DESC, minor DESC, patch DESC)
"""
# The versions that units of a live experiment may be served, whether a label points at them or not.
TRIED = """
    SELECT arm.version_id FROM experiments_arm arm
    JOIN experiments_experiment experiment ON experiment.id = arm.experiment_id
    WHERE experiment.project_id = %(project)s AND experiment.status IN ('running', 'paused')
"""
VERSIONS = """
    SELECT prompt_id, id, number, kind, content, variables, model_settings
    FROM vault_version WHERE id = ANY(%(wanted)s) ORDER BY id
"""


def _labels(project_id: UUID) -> dict[UUID, dict[str, UUID]]:
    labels: dict[UUID, dict[str, UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(LABELLED, {"project": project_id, "latest": LATEST})
        for prompt_id, name, version_id in cursor.fetchall():
            labels.setdefault(prompt_id, {})[name] = version_id
    return labels


def _versions(wanted: Iterable[UUID]) -> dict[UUID, list[core.Version]]:
    versions: dict[UUID, list[core.Version]] = {}
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS, {"wanted": list(wanted)})
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            stored = dict(zip(names, row, strict=True))
            prompt_id = stored.pop("prompt_id")
            for field in ("content", "variables", "model_settings"):
                stored[field] = msgspec.json.decode(stored[field])
            version = msgspec.convert(stored | {"id": str(stored["id"])}, core.Version)
            versions.setdefault(prompt_id, []).append(version)
    return versions


def _tried(project_id: UUID) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(TRIED, {"project": project_id})
        return {version_id for (version_id,) in cursor.fetchall()}


def _experiments(project_id: UUID) -> Iterator[core.Experiment]:
    """Those that hold their prompt's contexts."""
    for experiment in (
        Experiment.objects.in_project(project_id)
        .live()
        .filter(prompt__is_active=True)
        .order_by("id")
        .prefetch_related("arms")
    ):
        goes_on = experiment.status == Status.RUNNING and experiment.exposure_ended_at is None
        yield core.Experiment(
            id=str(experiment.pk),
            prompt_id=str(experiment.prompt_id),
            salt=experiment.salt,
            coverage=experiment.coverage,
            arms=[
                core.Arm(arm.number, str(arm.version_id), arm.share, withdrawn=arm.withdrawn_at is not None)
                for arm in experiment.arms.all()
            ],
            known=None if goes_on else _known(experiment),
        )


def _known(experiment: Experiment) -> str:
    """Who was exposed, packed as the core unpacks it."""
    units = experiment.exposures.order_by("unit").values_list("unit", flat=True)
    return b64encode(b"".join(hash_of(unit) for unit in units.iterator(10_000))).decode("ascii")


def _prompts(project_id: UUID) -> Iterator[core.Prompt]:
    labels = _labels(project_id)
    versions = _versions(
        {version_id for named in labels.values() for version_id in named.values()} | _tried(project_id)
    )
    rows = (
        Prompt.objects.in_project(project_id)
        .active()
        .order_by("id")
        .values_list("id", "name", "category", "vertical", "platform", "agent_code", "language", "technique")
    )
    for id_, name, category, vertical, platform, agent_code, language, technique in rows.iterator(1000):
        yield core.Prompt(
            id=str(id_),
            name=name,
            category=category,
            vertical=vertical,
            platform=platform,
            agent_code=agent_code,
            language=language,
            technique=technique,
            labels={name: str(version_id) for name, version_id in labels.get(id_, {}).items()},
            versions=versions.get(id_, []),
        )
