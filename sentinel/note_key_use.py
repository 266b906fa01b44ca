"""This file lets you write down when keys were last used, outside of any request and at most once a minute for each."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from config.background import regularly
from sentinel.access import used_keys
from sentinel.models import ApiKey

AT_MOST_EVERY = timedelta(minutes=1)


def note_key_use() -> None:
    """One UPDATE for all keys used since the last time; one that was written less than a minute ago waits its turn."""
    used: list[UUID] = list(used_keys)
    if not used:
        return
    now = timezone.now()
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - AT_MOST_EVERY)
    ApiKey.objects.filter(due, pk__in=used).update(last_used_at=now)
    for key_id in used:
        used_keys.pop(key_id, None)


regularly(note_key_use)
