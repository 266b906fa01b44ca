"""This file lets you read a project's bundle: what is served, and what it has earned, as of one instant."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

import msgspec
from assay.core import bundle as core
from assay.core.brand import is_empty
from django.db import connection, transaction

from sentinel.models import Revision
from sentinel.revision import look
from vault.models import Client, Prompt, VaultSettings
from vault.models.labels import LATEST
from vault.models.prompts import FIRST_SCORE
from vault.prior import prior

MOST_PROJECTS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bundle as it is sent."""

    body: bytes
    zipped: bytes
    etag: str

    @classmethod
    def of(cls, value: Any) -> "Part":
        body = msgspec.json.encode(value)
        return cls(body, gzip.compress(body, 6, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:32]}"')


class Served:
    """A project's bundle in this process's memory, and its parts as they are sent, encoded when first asked for."""

    __slots__ = ("_clientless", "_parts", "bundle")

    def __init__(self, bundle: core.Bundle) -> None:
        self.bundle = bundle
        self._clientless: core.Bundle | None = None
        self._parts: dict[tuple[str, bool], Part] = {}

    def content(self, *, with_clients: bool) -> Part:
        content = self.bundle.content
        return self._part("content", with_clients, content if with_clients else _without_clients(content))

    def scores(self) -> Part:
        return self._part("scores", True, self.bundle.scores)

    def for_reader(self, *, with_clients: bool) -> core.Bundle:
        """The bundle to resolve with; for a key made without clients it holds none."""
        if with_clients:
            return self.bundle
        if self._clientless is None:
            content = _without_clients(self.bundle.content)
            self._clientless = core.Bundle(content, self.bundle.scores, previous=self.bundle)
        return self._clientless

    def _part(self, name: str, with_clients: bool, value: Any) -> Part:
        part = self._parts.get((name, with_clients))
        if part is None:
            part = self._parts[name, with_clients] = Part.of(value)
        return part


def _without_clients(content: core.Content) -> core.Content:
    return msgspec.structs.replace(content, clients=None)


_kept: OrderedDict[UUID, Served] = OrderedDict()
_building = Lock()


def serve(project_id: UUID) -> Served:
    """The project's bundle as of a quarter of a second ago at most: no query while its revision stands still, one look
    aside. Raises AssayError 404 when there is no such project."""
    seen = look(project_id)
    kept = _kept.get(project_id)
    if kept is not None and _is_current(kept.bundle, seen.content, seen.scores):
        return kept
    with _building:
        kept = _kept.get(project_id)
        if kept is None or not _is_current(kept.bundle, seen.content, seen.scores):
            kept = _kept[project_id] = Served(read(project_id, kept.bundle if kept else None))
            _kept.move_to_end(project_id)
            while len(_kept) > MOST_PROJECTS_KEPT:
                _kept.popitem(last=False)
    return kept


def forget() -> None:
    """Hold no bundle any more, for tests."""
    _kept.clear()


def _is_current(bundle: core.Bundle, content: int, scores: int) -> bool:
    # A bundle may be ahead of the last look, since it is read later.
    return bundle.content.revision >= content and bundle.scores.revision >= scores


@contextmanager
def _snapshot() -> Iterator[None]:
    """All that is read within was true at one instant."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def read(project_id: UUID, known: core.Bundle | None = None) -> core.Bundle:
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


def _prompts(project_id: UUID) -> Iterator[core.Prompt]:
    labels = _labels(project_id)
    versions = _versions({version_id for named in labels.values() for version_id in named.values()})
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
