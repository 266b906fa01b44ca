"""This file lets you answer what was asked back: the work waits again for its agent, the answer with it."""

from typing import Any

import msgspec
from assay.core.errors import single
from django.db import transaction
from django.utils import timezone

from agents.handoffs.claim_handoff import claim_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status
from sentinel.access import Access

LARGEST = 64 * 1024


@transaction.atomic
def answer_handoff(*, access: Access, handoff: Handoff, answer: Any) -> Handoff:
    """The handoff, pending; its last input holds the answer. Who asked gave up the lease, so nobody has it now.

    Raises AssayError 403, 404, 409 `wrong_status`, 413 `answer_too_large`."""
    if len(msgspec.json.encode(answer)) > LARGEST:
        raise single("answer_too_large", "/answer", f"An answer may take {LARGEST} bytes as JSON.", status=413)
    claimed = claim_handoff(access=access, handoff=handoff, states=(Status.INPUT_REQUIRED,), to="be answered")
    *before, asked = claimed.inputs
    answered = asked | {"answer": answer, "answered_at": timezone.now().isoformat()}
    claimed.move_to(Status.PENDING, inputs=[*before, answered])
    claimed.tell("answered", access)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
