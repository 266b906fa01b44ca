"""This file lets you read a project's bundle: what is served, and what it has earned, as of one instant."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
from assay.core import shapes as core
from assay.core.brand import is_empty
from assay.core.bundle import Bundle
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


def read_bundle(project_id: UUID, known: Bundle | None = None) -> Bundle:
    """The project's bundle as it is now. Of what is `known` nothing is made twice: neither a content that has not
    moved, nor, since versions never change, a version or a prompt that is still the same.

    Two queries while only scores have moved. Raises Revision.DoesNotExist when there is no such project.
    """
    with _snapshot():
        revision = Revision.objects.select_related("project").get(project_id=project_id)
        scores = _scores(revision)
        if known is not None and known.content.revision == revision.content:
            return known.with_scores(scores)
        return Bundle(_content(revision, known), scores, previous=known)


def _scores(revision: Revision) -> core.Scores:
    earned = list(
        Prompt.objects.in_project(revision.project_id)
        .active()
        .exclude(performance_score=FIRST_SCORE, reports=0)
        .order_by("id")
        .values_list("id", "performance_score", "engagements", "impressions")
    )
    return core.Scores(
        revision=revision.scores,
        content_revision=revision.content,
        prior=prior((engagements, impressions) for _, _, engagements, impressions in earned),
        scores={str(id_): (score, engagements, impressions) for id_, score, engagements, impressions in earned},
    )


def _content(revision: Revision, known: Bundle | None) -> core.Content:
    settings = VaultSettings.objects.filter(project_id=revision.project_id).first() or VaultSettings()
    return core.Content(
        project=core.ProjectSettings(
            id=str(revision.project_id),
            slug=revision.project.slug,
            policy="thompson" if settings.policy == "thompson" else "score",
            default_language=settings.default_language,
        ),
        revision=revision.content,
        prompts=list(_prompts(revision.project_id, known)),
        experiments=list(_experiments(revision.project_id)),
        clients=[
            core.Client(id=str(id_), name=name, brand=None if is_empty(brand) else brand)
            for id_, name, brand in Client.objects.in_project(revision.project_id)
            .active()
            .order_by("id")
            .values_list("id", "name", "brand_file")
        ],
    )


# Ids are read as text: ten thousand UUIDs would cost more than the rest.
PROMPTS = """
    SELECT id::text, name, category, vertical, platform, agent_code, language, technique
    FROM vault_prompt WHERE project_id = %(project)s AND is_active ORDER BY id
"""
# The labels of each prompt, of those in service and of others, which costs less than to tell them apart here.
LABELLED = """
    SELECT prompt_id::text, name, version_id::text FROM vault_label WHERE project_id = %(project)s
"""
NEWEST = """
    SELECT DISTINCT ON (prompt_id) prompt_id::text, %(latest)s, id::text FROM vault_version
    WHERE project_id = %(project)s ORDER BY prompt_id, major DESC, minor DESC, patch DESC
"""
# The versions that units of a live experiment may be served, whether a label points at them or not.
TRIED = """
    SELECT experiment.prompt_id::text, arm.version_id::text FROM experiments_arm arm
    JOIN experiments_experiment experiment ON experiment.id = arm.experiment_id
    WHERE experiment.project_id = %(project)s AND experiment.status IN ('running', 'paused')
"""
VERSIONS = """
    SELECT id::text, number, kind, content::text, variables::text, model_settings::text
    FROM vault_version WHERE id = ANY(%(wanted)s::uuid[])
"""


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _labelled(project_id: UUID) -> dict[str, dict[str, str]]:
    """The version id of each label of each prompt, `latest` among them."""
    labelled: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    named = {"project": project_id, "latest": LATEST}
    for prompt_id, label, version_id in _rows(LABELLED, named) + _rows(NEWEST, named):
        labelled.setdefault(prompt_id, {})[texts.setdefault(label, label)] = version_id
    return labelled


def _versions(wanted: set[str]) -> dict[str, core.Version]:
    if not wanted:
        return {}
    versions = {}
    # Many versions have the same variables and settings: one object serves them all.
    decoded: dict[str, Any] = {}
    for id_, number, kind, content, variables, model_settings in _rows(VERSIONS, {"wanted": list(wanted)}):
        for text in (variables, model_settings):
            if text not in decoded:
                decoded[text] = msgspec.json.decode(text)
        versions[id_] = core.Version(
            id=id_,
            number=number,
            kind=kind,
            content=_TEXT.decode(content) if kind == "text" else _CHAT.decode(content),
            variables=decoded[variables],
            model_settings=decoded[model_settings],
        )
    return versions


_TEXT = msgspec.json.Decoder(str)
_CHAT = msgspec.json.Decoder(list[core.Message])


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


def _prompts(project_id: UUID, known: Bundle | None) -> Iterator[core.Prompt]:
    same = {prompt.id: prompt for prompt in known.content.prompts} if known is not None else {}
    rows = _rows(PROMPTS, {"project": project_id})
    labelled = _labelled(project_id)
    wanted = {id_: set(labelled.get(id_, {}).values()) for id_, *_ in rows}
    for prompt_id, version_id in _rows(TRIED, {"project": project_id}):
        if prompt_id in wanted:
            wanted[prompt_id].add(version_id)
    versions = {version.id: version for prompt in same.values() for version in prompt.versions}
    versions |= _versions(set().union(*wanted.values()) - versions.keys())
    texts: dict[Any, Any] = {}
    for id_, name, *place in rows:
        category, vertical, platform, agent_code, language, technique = (texts.setdefault(text, text) for text in place)
        prompt = core.Prompt(
            id=id_,
            name=name,
            category=category,
            vertical=vertical,
            platform=platform,
            agent_code=agent_code,
            language=language,
            technique=technique,
            labels={label: versions[version_id].id for label, version_id in labelled.get(id_, {}).items()},
            versions=[versions[version_id] for version_id in sorted(wanted[id_])],
        )
        # Two bundles that share what they have in common need little more memory than one.
        before = same.get(id_)
        yield before if before is not None and before == prompt else prompt
