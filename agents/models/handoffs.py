"""Work that one agent gives to another: what it is, where it stands, and all that became of it."""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Greatest

from agents.models.handoff_events import HandoffEvent
from agents.models.handoff_results import HandoffResult
from agents.models.handoff_states import EXHAUSTED, OPEN, Priority, Status
from agents.models.payload_types import PayloadType
from agents.models.roster import Agent
from config.models import Identified
from sentinel.access import Access
from sentinel.models import Project

CODE = RegexValidator(r"^[A-Za-z0-9._:/@+-]{1,100}\Z", "A code: ASCII letters, digits and . _ : / @ + -, no spaces.")
TRACE = RegexValidator(r"^[0-9a-f]{32}\Z", "A trace id: 32 hex digits in lower case.")
MOST_HOPS = 10
FIRST_LEASE = 300
LONGEST_LEASE = 86_400
FIRST_ATTEMPTS = 3
MOST_ATTEMPTS = 100


def new_task_id() -> str:
    return f"TASK-{secrets.token_hex(4).upper()}"


def _moved_at() -> Greatest:
    """When it last came into a state. Of what is null GREATEST takes no notice."""
    return Greatest("created_at", *(f"{status.lower()}_at" for status in Status))


def _judgement() -> dict[str, Any]:
    is_open = models.Q(status__in=OPEN)
    lapsed = models.Q(status=Status.IN_PROGRESS, lease_until__lte=TransactionNow())
    has_another = models.Q(attempt__lt=models.F("max_attempts"))
    return {
        "state": models.Case(
            models.When(is_open & models.Q(deadline__lte=TransactionNow()), then=models.Value(Status.EXPIRED)),
            models.When(lapsed & has_another, then=models.Value(Status.PENDING)),
            models.When(lapsed, then=models.Value(Status.FAILED)),
            default=models.F("status"),
            output_field=models.CharField(),
        ),
        "attempt_now": models.Case(
            models.When(lapsed & has_another, then=models.F("attempt") + 1),
            default=models.F("attempt"),
            output_field=models.PositiveIntegerField(),
        ),
    }


def _overdue() -> models.Q:
    lapsed = models.Q(status=Status.IN_PROGRESS, lease_until__lte=TransactionNow())
    return models.Q(status__in=OPEN, deadline__lte=TransactionNow()) | lapsed


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def in_project(self, project_id: UUID) -> "HandoffQuerySet":
        return self.filter(project_id=project_id)

    def judged(self) -> "HandoffQuerySet":
        """Each with its `state` and `attempt_now` as of this moment, whether or not a worker has written it down yet:
        past its deadline it is expired, past its lease it waits again, or has failed where no attempt is left."""
        return self.annotate(**_judgement())

    def standing(self, states: Collection[Status]) -> "HandoffQuerySet":
        """Judged ones that are in one of these states by now. Indexes find them: written down as such, or overdue."""
        judged: Any = self.judged()
        found: HandoffQuerySet = judged.filter(models.Q(status__in=states) | _overdue(), state__in=states)
        return found

    def by_move(self) -> "HandoffQuerySet":
        """What moved last comes first: each with when that was, `moved_at`."""
        return self.annotate(moved_at=_moved_at()).order_by("-moved_at", "-id")

    def with_parts(self) -> "HandoffQuerySet":
        """Each judged, with what it is shown with. Two queries, however many there are."""
        return (
            self.judged()
            .select_related("from_agent", "to_agent", "payload_type", "parent")
            .defer("parent__payload", "parent__inputs", "parent__chain", "payload_type__schema")
            .prefetch_related(models.Prefetch("results", HandoffResult.objects.order_by("id")))
        )

    def waiting(self) -> "HandoffQuerySet":
        """What may be confirmed now: pending, or held under a lease that has run out, and in time."""
        lapsed = models.Q(
            status=Status.IN_PROGRESS, lease_until__lte=TransactionNow(), attempt__lt=models.F("max_attempts")
        )
        in_time = models.Q(deadline=None) | models.Q(deadline__gt=TransactionNow())
        return self.filter(models.Q(status=Status.PENDING) | lapsed, in_time)

    def in_turn(self) -> "HandoffQuerySet":
        """The most urgent first, of those the one that is due first, of those the oldest."""
        return self.order_by("priority", models.F("deadline").asc(nulls_last=True), "id")

    def overdue(self) -> "HandoffQuerySet":
        """Open ones that time has moved on: past their deadline or their lease."""
        return self.filter(_overdue())


class Handoff(Identified):
    """`id` sorts by time; `task_id` is what everybody calls it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="handoffs")
    task_id = models.CharField(max_length=13, default=new_task_id, editable=False)
    # What belongs together: a conversation, a campaign. What is made in answer to another has its context.
    context_id = models.CharField(max_length=100, validators=[CODE])
    parent = models.ForeignKey("self", models.RESTRICT, null=True, related_name="children", editable=False)
    # Null: it came from outside, by a person or a program that is no agent of the roster.
    from_agent = models.ForeignKey(Agent, models.RESTRICT, null=True, related_name="handed_over")
    to_agent = models.ForeignKey(Agent, models.RESTRICT, related_name="received")
    # The codes of those whom the work passed, up to whom it is with; and how often it was handed over, this included.
    chain: Any = models.JSONField()
    hop_count = models.PositiveSmallIntegerField(default=1)
    payload_type = models.ForeignKey(PayloadType, models.RESTRICT, related_name="handoffs")
    payload: Any = models.JSONField()
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    status = models.CharField(max_length=14, choices=Status, default=Status.PENDING, editable=False)
    deadline = models.DateTimeField(null=True, blank=True)
    lease_seconds = models.PositiveIntegerField(
        default=FIRST_LEASE, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_LEASE)]
    )
    # While somebody works on it: which lease that is, and until when it is theirs.
    lease_id = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    # Who has it, or had it last, by a name of their own.
    worker = models.CharField(max_length=100, blank=True, default="", editable=False)
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    max_attempts = models.PositiveSmallIntegerField(
        default=FIRST_ATTEMPTS, validators=[MinValueValidator(1), MaxValueValidator(MOST_ATTEMPTS)]
    )
    # Why it was rejected, failed or canceled: a code where there is one, and a sentence.
    reason_code = models.CharField(max_length=100, blank=True, default="", editable=False)
    reason = models.TextField(blank=True, default="", editable=False)
    # What was asked back, in turn: {"question", "asked_at", "answer", "answered_at"}.
    inputs: Any = models.JSONField(default=list, editable=False)
    idempotency_key = models.CharField(max_length=200, null=True, editable=False)
    # SHA-256 of what was asked with that key, in hex.
    asked_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    # The run and trace that it came from.
    run_id = models.CharField(max_length=100, null=True, blank=True, validators=[CODE])
    trace_id = models.CharField(max_length=32, null=True, blank=True, validators=[TRACE])
    # When it last came into each state. A trigger writes these.
    pending_at = models.DateTimeField(null=True, editable=False)
    in_progress_at = models.DateTimeField(null=True, editable=False)
    input_required_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    rejected_at = models.DateTimeField(null=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    canceled_at = models.DateTimeField(null=True, editable=False)
    expired_at = models.DateTimeField(null=True, editable=False)

    objects = HandoffQuerySet.as_manager()

    # Annotated by `judged`.
    state: str
    attempt_now: int

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "task_id"], name="one_task_id"),
            models.CheckConstraint(condition=models.Q(hop_count__range=(1, MOST_HOPS)), name="hops_in_range"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="known_status"),
            models.CheckConstraint(condition=models.Q(priority__in=Priority.values), name="known_priority"),
            models.CheckConstraint(
                condition=(
                    models.Q(status=Status.IN_PROGRESS, lease_id__isnull=False, lease_until__isnull=False)
                    | (~models.Q(status=Status.IN_PROGRESS) & models.Q(lease_id=None, lease_until=None))
                ),
                name="lease_while_in_progress",
            ),
        ]
        indexes = [
            models.Index(
                models.F("to_agent"),
                models.F("priority"),
                models.F("deadline").asc(nulls_last=True),
                models.F("id"),
                condition=models.Q(status__in=[Status.PENDING, Status.IN_PROGRESS]),
                name="handoffs_in_turn",
            ),
            models.Index(fields=["project", "-id"], name="handoffs_by_time"),
            models.Index(models.F("project"), _moved_at().desc(), models.F("id").desc(), name="handoffs_by_move"),
            models.Index(fields=["project", "status", "-id"], name="handoffs_by_status"),
            models.Index(fields=["project", "context_id", "-id"], name="handoffs_by_context"),
            models.Index(
                fields=["project", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="handoffs_by_key",
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(status=Status.IN_PROGRESS), name="handoffs_by_lease"
            ),
            models.Index(fields=["deadline"], condition=models.Q(status__in=OPEN), name="handoffs_by_deadline"),
        ]

    def __str__(self) -> str:
        return self.task_id

    @property
    def task_type(self) -> str:
        return self.payload_type.name

    @property
    def priority_name(self) -> str:
        return Priority(self.priority).name

    @property
    def reason_code_now(self) -> str:
        """Why it stands where it was judged to stand, whether or not a worker has written it down yet."""
        return EXHAUSTED if self._ran_out else self.reason_code

    @property
    def reason_now(self) -> str:
        """The same in words."""
        return f"No attempt of {self.max_attempts} was finished within its lease." if self._ran_out else self.reason

    @property
    def _ran_out(self) -> bool:
        return self.state == Status.FAILED != self.status

    def came_at(self, status: Status) -> datetime | None:
        """When it last came into this state, None where it never did: by the clock, where a worker has not written down
        yet what time did to it."""
        if status == self.state != self.status:
            return self.deadline if status == Status.EXPIRED else self.lease_until
        noted: datetime | None = getattr(self, f"{status.lower()}_at")
        return noted

    @property
    def since(self) -> datetime:
        """Since when it stands where it was judged to stand."""
        return self.came_at(Status(self.state)) or self.created_at

    def move_to(self, status: Status, **fields: Any) -> None:
        """Write down where it stands now, and whatever else changes with that. Who leaves IN_PROGRESS leaves the lease.

        One query. The database refuses what is no legal move."""
        changed: dict[str, Any] = {"status": status} | fields
        if status != Status.IN_PROGRESS:
            changed |= {"lease_id": None, "lease_until": None}
        for name, value in changed.items():
            setattr(self, name, value)
        self.save(update_fields=list(changed))
        self.state, self.attempt_now = self.status, self.attempt

    @property
    def result(self) -> HandoffResult | None:
        """What it came to, when it came in time. No query when the results are there already."""
        return next((result for result in self.results.all() if not result.late), None)

    def tell(self, action: str, access: Access | None = None, *, reason: str = "", **facts: Any) -> HandoffEvent:
        """Write down what was done. Without an access it was time itself, noticed by the worker."""
        return HandoffEvent.objects.create(
            handoff=self,
            action=action,
            status=self.status,
            attempt=self.attempt,
            actor_id=access.user_id if access else None,
            key_id=access.key_id if access else None,
            reason=reason,
            facts=facts,
        )
