"""This file lets you find out who acts, in which project, with which permissions: decided here and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone

from config.background import wake
from sentinel.models import ApiKey, Membership, Project
from sentinel.revision import look
from sentinel.roles import OWNER

MOST_KEYS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Access:
    """Who acts in which project. `user_id` is the person, or the maker for whom a key acts."""

    project_id: UUID
    project_slug: str
    permissions: frozenset[str]
    user_id: int | None
    key_id: UUID | None = None
    reads_clients: bool = True

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """AssayError `permission_denied` unless held."""
        if permission not in self.permissions:
            raise AssayError("permission_denied", f"This needs the permission {permission}.", status=403)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a process remembers of a key until the project's access revision moves."""

    access: Access
    revision: int
    expires_at: datetime | None


_known: dict[str, _Known] = {}
# The keys used here lately, for `sentinel.note_key_use` to write down outside of any request.
used_keys: dict[UUID, bool] = {}


def permissions_in(project_id: UUID, user: Any) -> frozenset[str]:
    """What a person holds in a project today; nothing for a stranger or one who is switched off. One query at most."""
    if user is None or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return OWNER
    membership = Membership.objects.filter(project_id=project_id, user_id=user.pk).first()
    return membership.permissions if membership else frozenset()


def access_of_key(raw: str) -> Access:
    """Whom a key stands for. No query once known, the look at the revision aside.

    Raises AssayError 401: `invalid_key`, `revoked_key` or `expired_key`.
    """
    digest = ApiKey.digest_of(raw)
    known = _known.get(digest)
    if known is None or look(known.access.project_id).access != known.revision:
        known = _recall(digest)
    if known.expires_at is not None and known.expires_at <= timezone.now():
        raise AssayError("expired_key", "This key has expired.", status=401)
    if known.access.key_id is not None:
        used_keys[known.access.key_id] = True
        wake()
    return known.access


def _recall(digest: str) -> _Known:
    _known.pop(digest, None)
    key = ApiKey.objects.select_related("project", "made_by").filter(digest=digest).first()
    if key is None:
        raise AssayError("invalid_key", "There is no such key.", status=401)
    if key.revoked_at is not None:
        raise AssayError("revoked_key", "This key has been revoked.", status=401)
    # The revision is read before what it covers is used again: a change in between only means one more recall.
    revision = look(key.project_id).access
    access = Access(
        project_id=key.project_id,
        project_slug=key.project.slug,
        permissions=frozenset(key.permissions) & permissions_in(key.project_id, key.made_by),
        user_id=key.made_by_id,
        key_id=key.pk,
        reads_clients=key.reads_clients,
    )
    if len(_known) >= MOST_KEYS_REMEMBERED:
        _known.clear()
    known = _known[digest] = _Known(access, revision, key.expires_at)
    return known


def access_of_person(user: AbstractBaseUser | AnonymousUser, slug: str | None) -> Access:
    """A person's access to the project named by `slug`, or to their only one.

    Raises AssayError: 401 `not_authenticated`, 404 for a project they do not belong to, 400 `project_required`.
    """
    if not user.is_authenticated:
        raise AssayError("not_authenticated", "Send a key, or log in.", status=401)
    projects = Project.objects.open_to(user.pk, is_superuser=bool(getattr(user, "is_superuser", False)))
    found: Iterable[Project] = projects.filter(slug=slug)[:1] if slug is not None else projects[:2]
    chosen = list(found)
    if slug is None and len(chosen) != 1:
        raise AssayError("project_required", "Name the project in the header X-Project.", status=400)
    if not chosen:
        raise AssayError("not_found", "There is no such project.", status=404)
    return Access(
        project_id=chosen[0].pk,
        project_slug=chosen[0].slug,
        permissions=permissions_in(chosen[0].pk, user),
        user_id=user.pk,
    )


def access_of_installation(project: Project) -> Access:
    """For commands on this machine, whose caller holds the database anyway: all permissions, nobody by name."""
    return Access(project_id=project.pk, project_slug=project.slug, permissions=OWNER, user_id=None)


def forget() -> None:
    """Know no key any more, for tests."""
    _known.clear()
    used_keys.clear()
