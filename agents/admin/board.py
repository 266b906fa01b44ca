"""This file lets one see all handoffs by state, what is overdue first, however many there are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Func, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Least, Left
from django.utils import timezone

from agents.models import Agent, Handoff, PayloadType
from agents.models.handoff_states import OPEN, Priority, Status
from agents.models.handoffs import HandoffQuerySet
from sentinel.models import Project

# What ended badly comes first; what went well needs nobody.
ENDED = (Status.EXPIRED, Status.FAILED, Status.REJECTED, Status.CANCELED, Status.COMPLETED)
# As which a handoff of a state may be stored before a worker has written down what time did to it.
STORED = {
    Status.PENDING: (Status.PENDING, Status.IN_PROGRESS),
    Status.FAILED: (Status.FAILED, Status.IN_PROGRESS),
    Status.EXPIRED: (Status.EXPIRED, *OPEN),
}
SHOWN, SHOWN_ENDED, OVERDUE_SHOWN = 25, 8, 6
COUNTED_TO = 1000
MOST_CHOICES = 500
# A deadline is near in the last quarter of its time, an hour at the most.
SOON = timedelta(hours=1)
LATELY = timedelta(hours=24)
HEADLINE = 140
LIGHT = (
    *("task_id", "context_id", "priority", "status", "deadline", "lease_until", "worker", "attempt", "max_attempts"),
    *("hop_count", "chain", "created_at", "pending_at", "in_progress_at", "input_required_at", "expired_at"),
    *("reason", "reason_code", "project_id"),
    *("from_agent__code", "to_agent__code", "payload_type__name"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the board is limited to; empty is any."""

    agent: str = ""
    task_type: str = ""
    priority: str = ""

    def link(self, **changed: Any) -> str:
        other = replace(self, **changed)
        return "?" + urlencode({name: value for name in self.__slots__ if (value := getattr(other, name))})

    @property
    def is_filtered(self) -> bool:
        return bool(self.agent or self.task_type or self.priority)

    def of(self, handoffs: HandoffQuerySet, agents: Mapping[str, UUID]) -> HandoffQuerySet:
        """`agents`: the id of each by its code."""
        if self.agent:
            handoffs = handoffs.filter(Q(to_agent=agents[self.agent]) | Q(from_agent=agents[self.agent]))
        if self.task_type:
            handoffs = handoffs.filter(payload_type__name=self.task_type)
        return handoffs.filter(priority=Priority[self.priority]) if self.priority else handoffs


@dataclass(frozen=True, slots=True)
class Column:
    """The handoffs of a state: so many are shown, and so many there are; `is_more`: at least."""

    state: Status
    cards: list[Any]
    count: int

    @property
    def is_more(self) -> bool:
        return self.count > COUNTED_TO

    @property
    def said(self) -> str:
        return f"{COUNTED_TO:,}+" if self.is_more else f"{self.count:,}"

    @property
    def hidden(self) -> bool:
        return self.count > len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """`overdue`: open ones that time presses or has moved on; `missed`: whose deadline passed within a day."""

    open: list[Column]
    ended: list[Column]
    overdue: list[Any]
    missed: list[Any]

    @property
    def is_empty(self) -> bool:
        return not any(column.count for column in (*self.open, *self.ended))


class _Counted(Subquery):
    """How many rows a query that is limited has."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS limited)"
    output_field = models.IntegerField()


def in_state(handoffs: HandoffQuerySet, state: Status) -> HandoffQuerySet:
    """Those in this state as of now, by the index of the states in which they may be stored."""
    # Any: the stubs do not know an annotation that a method adds.
    judged: Any = handoffs.filter(status__in=STORED.get(state, (state,))).judged()
    stored_alone = state not in STORED and state not in OPEN
    found: HandoffQuerySet = judged if stored_alone else judged.filter(state=state)
    return found


def with_marks(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Each judged, with whether its deadline `presses` (or has passed) and whether its lease has `lapsed`."""
    quarter = ExpressionWrapper((F("deadline") - F("created_at")) / 4, output_field=models.DurationField())
    near = ExpressionWrapper(
        F("deadline") - Least(quarter, Value(SOON), output_field=models.DurationField()),
        output_field=models.DateTimeField(),
    )
    return (
        handoffs.judged()
        .annotate(near=near, lapsed=Q(status=Status.IN_PROGRESS, lease_until__lte=TransactionNow()))
        .annotate(presses=Case(When(status__in=OPEN, near__lte=TransactionNow(), then=True), default=False))
    )


def as_cards(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Each with its marks and what a card says: `headline` is the first thing that its type asks for, `asked` the
    question that is open. For what is limited already: a headline is read out of a payload before rows are sorted."""
    first_asked = KeyTextTransform("0", KeyTransform("required", "payload_type__schema"))
    headline: Any = Func(F("payload"), first_asked, template="(%(expressions)s)", arg_joiner=" ->> ")
    headline.output_field = models.TextField()
    return (
        with_marks(handoffs)
        .annotate(
            headline=Left(headline, HEADLINE),
            asked=Left(KeyTextTransform("question", KeyTransform(-1, "inputs")), HEADLINE),
        )
        .select_related("from_agent", "to_agent", "payload_type")
        .only(*LIGHT)
    )


def pressing_first(marked: HandoffQuerySet) -> HandoffQuerySet:
    """What is late or nearly so on top, then as agents get them."""
    passed = Q(status__in=OPEN, deadline__lte=TransactionNow())
    late = Case(When(passed, then=0), When(lapsed=True, then=1), When(presses=True, then=2), default=3)
    return marked.order_by(late, "priority", F("deadline").asc(nulls_last=True), "id")


def first_cards(marked: HandoffQuerySet, most: int) -> list[Any]:
    """The first of marked ones, what is late on top. One query."""
    first = pressing_first(marked).values("pk")[:most]
    return list(pressing_first(as_cards(Handoff.objects.filter(pk__in=first))))


def newest_cards(handoffs: HandoffQuerySet, most: int) -> list[Any]:
    """The newest of them. One query."""
    newest = handoffs.order_by("-id").values("pk")[:most]
    return list(as_cards(Handoff.objects.filter(pk__in=newest)).order_by("-id"))


def read_asked(sent: Mapping[str, str], agents: Collection[str], types: Collection[str]) -> Asked:
    """What an address asks for. What it cannot mean is left out."""
    named: dict[str, Collection[str]] = {"agent": agents, "task_type": types, "priority": Priority.names}
    return Asked(**{name: sent[name] for name, known in named.items() if sent.get(name, "") in known})


def choices(project_id: UUID) -> tuple[dict[str, UUID], list[str]]:
    """The ids of all agents by their codes, and the names of all types. Two queries."""
    agents = Agent.objects.in_project(project_id).order_by("code").values_list("code", "pk")
    types = PayloadType.objects.filter(project_id=project_id).order_by("name").values_list("name", flat=True)
    return dict(agents[:MOST_CHOICES]), list(types.distinct()[:MOST_CHOICES])


def board(project_id: UUID, asked: Asked, agents: Mapping[str, UUID]) -> Board:
    """Seven queries, each of which looks at no more than what is open and the newest of what ended."""
    all_ = asked.of(Handoff.objects.in_project(project_id), agents)
    counts = count_by_state(project_id, all_)
    opened = [Column(it, first_cards(with_marks(in_state(all_, it)), SHOWN), counts[it]) for it in OPEN]
    ended = _ended(all_)
    since = timezone.now() - LATELY
    return Board(
        open=opened,
        ended=[Column(it, ended[it][:SHOWN_ENDED], counts[it]) for it in ENDED],
        overdue=first_cards(overdue(all_), OVERDUE_SHOWN + 1),
        missed=[it for it in ended[Status.EXPIRED] if it.expired_at is not None and it.expired_at > since],
    )


def overdue(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Open ones with their marks that time presses or has moved on."""
    marked: Any = with_marks(handoffs.filter(status__in=OPEN))
    found: HandoffQuerySet = marked.filter(Q(presses=True) | Q(lapsed=True))
    return found


def count_by_state(project_id: UUID, handoffs: HandoffQuerySet) -> dict[Status, int]:
    """How many are in each state now, counted as far as one more than is said. One query."""
    limited = {state: _Counted(in_state(handoffs, state).order_by().values("pk")[: COUNTED_TO + 1]) for state in Status}
    rows: QuerySet[Any] = Project.objects.filter(pk=project_id).annotate(**{f"n_{it}": limited[it] for it in Status})
    found = rows.values(*(f"n_{it}" for it in Status)).get()
    return {state: found[f"n_{state}"] for state in Status}


def _ended(handoffs: HandoffQuerySet) -> dict[Status, list[Any]]:
    """The newest of each state that is an end, and what has come to one unnoticed. Two queries."""
    most = OVERDUE_SHOWN + SHOWN_ENDED
    newest = [handoffs.filter(status=it).order_by("-id").values("pk")[:most] for it in ENDED]
    unnoticed = handoffs.filter(status__in=OPEN).overdue().order_by("-id").values("pk")[:most]
    ids = unnoticed.union(*newest, all=True)
    cards = as_cards(Handoff.objects.filter(pk__in=[row["pk"] for row in ids])).order_by("-id")
    found: dict[Status, list[Any]] = {state: [] for state in ENDED}
    for card in cards:
        if card.state in found:
            found[Status(card.state)].append(card)
    return found
