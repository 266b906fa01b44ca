"""This file lets you keep work that takes longer than its lease: tell that you are still at it."""

from datetime import timedelta
from uuid import UUID

from assay.core.errors import single
from django.contrib.postgres.functions import TransactionNow
from django.db import transaction

from agents.handoffs.claim_handoff import claim_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status
from agents.models.handoffs import LONGEST_LEASE
from sentinel.access import Access


@transaction.atomic
def extend_lease(
    *,
    access: Access,
    handoff: Handoff,
    lease_id: UUID | None = None,
    worker: str = "",
    lease_seconds: int | None = None,
) -> Handoff:
    """The handoff with its lease counted from now. Raises AssayError 403, 404, 409 `lease_lost`, `wrong_status`,
    422 `invalid_lease`, `unknown_lease`."""
    states = (Status.IN_PROGRESS,)
    claimed = claim_handoff(
        access=access, handoff=handoff, states=states, to="be held on to", lease_id=lease_id, worker=worker
    )
    seconds = claimed.lease_seconds if lease_seconds is None else lease_seconds
    if not 1 <= seconds <= LONGEST_LEASE:
        raise single("invalid_lease", "/lease_seconds", f"A lease is 1 to {LONGEST_LEASE} seconds long.")
    Handoff.objects.filter(pk=claimed.pk).update(lease_until=TransactionNow() + timedelta(seconds=seconds))
    return Handoff.objects.with_parts().get(pk=claimed.pk)
