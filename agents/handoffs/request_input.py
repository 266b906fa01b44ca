"""This file lets you ask back before going on: the work waits, without a lease, until somebody answers."""

from typing import Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError, single
from django.db import transaction
from django.utils import timezone

from agents.handoffs.claim_handoff import claim_handoff
from agents.models import Handoff
from agents.models.handoff_states import Status
from sentinel.access import Access

MOST_QUESTIONS = 50
LARGEST = 64 * 1024


@transaction.atomic
def request_input(
    *, access: Access, handoff: Handoff, question: Any, lease_id: UUID | None = None, worker: str = ""
) -> Handoff:
    """The handoff, waiting for an answer. Raises AssayError 403, 404, 409 `lease_lost`, `wrong_status`,
    `too_many_questions`, 413 `question_too_large`, 422 `unknown_lease`."""
    if len(msgspec.json.encode(question)) > LARGEST:
        raise single("question_too_large", "/question", f"A question may take {LARGEST} bytes as JSON.", status=413)
    states = (Status.IN_PROGRESS,)
    claimed = claim_handoff(
        access=access, handoff=handoff, states=states, to="ask for input", lease_id=lease_id, worker=worker
    )
    if len(claimed.inputs) >= MOST_QUESTIONS:
        raise AssayError("too_many_questions", f"Of one handoff {MOST_QUESTIONS} questions can be asked.", status=409)
    asked = {"question": question, "asked_at": timezone.now().isoformat(), "answer": None, "answered_at": None}
    claimed.move_to(Status.INPUT_REQUIRED, inputs=[*claimed.inputs, asked])
    claimed.tell("asked", access, worker=claimed.worker)
    return Handoff.objects.with_parts().get(pk=claimed.pk)
