"""This file lets you make an API key."""

from collections.abc import Iterable
from datetime import datetime

from assay.core.errors import AssayError, FieldError
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sentinel.access import permissions_in
from sentinel.models import ApiKey, Project
from sentinel.models.keys import PREFIX_LENGTH
from sentinel.roles import PERMISSIONS


@transaction.atomic
def create_key(
    *,
    project: Project,
    made_by: User,
    permissions: Iterable[str],
    name: str,
    expires_at: datetime | None = None,
    reads_clients: bool = True,
) -> tuple[ApiKey, str]:
    """Make a key that acts for `made_by`. Returns the row and the key itself, which is stored nowhere.

    Raises AssayError 422 for an unknown permission, one that the maker lacks, or an expiry that has passed.
    """
    wanted = frozenset(permissions)
    held = permissions_in(project.pk, made_by)
    errors = []
    if not wanted:
        errors.append(FieldError("/permissions", "required", "A key needs at least one permission."))
    if unknown := wanted - set(PERMISSIONS):
        errors.append(FieldError("/permissions", "unknown_permission", f"Unknown: {', '.join(sorted(unknown))}."))
    elif beyond := wanted - held:
        told = f"Its maker does not hold {', '.join(sorted(beyond))}."
        errors.append(FieldError("/permissions", "permission_not_held", told))
    if expires_at is not None and expires_at <= timezone.now():
        errors.append(FieldError("/expires_at", "in_the_past", "The expiry has already passed."))
    if errors:
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    raw = _draw()
    key = ApiKey.objects.create(
        project=project,
        name=name,
        prefix=raw[:PREFIX_LENGTH],
        digest=ApiKey.digest_of(raw),
        permissions=[p for p in PERMISSIONS if p in wanted],
        reads_clients=reads_clients,
        made_by=made_by,
        expires_at=expires_at,
    )
    return key, raw


def _draw() -> str:
    """A key whose prefix no other has: of sixteen million prefixes, the thousandth key met a taken one in 17,000."""
    while True:
        raw = ApiKey.draw()
        if not ApiKey.objects.filter(prefix=raw[:PREFIX_LENGTH]).exists():
            return raw
