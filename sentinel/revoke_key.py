"""This file lets you revoke an API key."""

from assay.core.errors import AssayError
from django.utils import timezone

from sentinel.access import Access
from sentinel.models import ApiKey


def revoke_key(*, access: Access, key: ApiKey) -> bool:
    """Whether it was this call that revoked it. Served nowhere within two seconds. Raises AssayError 403, 404."""
    access.require("keys.manage")
    if key.project_id != access.project_id:
        raise AssayError("not_found", "There is no such key.", status=404)
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()))
