"""What handoffs put on the first page: what waits, what is late, who asks something."""

from typing import Any

from django.db.models import Case, F, Q, When
from django.http import HttpRequest

from agents.admin.board import COUNTED_TO, as_cards, count_by_state
from agents.models import Handoff
from agents.models.handoffs import OPEN, Status
from sentinel.admin_slots import Card, put
from sentinel.current_project import current_access

MOST_SHOWN = 5
# Where something needs somebody it stands before what only tells.
FIRST, LATER = -10, 20


@put("overview")
def overview(request: HttpRequest, about: Any) -> Card | None:
    """How many are open, and those that need somebody: late, nearly so, or with a question. Three queries."""
    access = current_access(request)
    if not access.may("agents.read"):
        return None
    handoffs = Handoff.objects.in_project(access.project_id)
    counts = count_by_state(access.project_id, handoffs)
    opened = as_cards(handoffs.filter(status__in=OPEN))
    late: Any = opened.filter(Q(presses=True) | Q(lapsed=True))
    needs = opened.filter(Q(presses=True) | Q(lapsed=True) | Q(status=Status.INPUT_REQUIRED))
    late_first = Case(When(presses=True, then=0), When(lapsed=True, then=0), default=1)
    rows = needs.order_by(late_first, "priority", F("deadline").asc(nulls_last=True), "id")
    shown = list(rows[:MOST_SHOWN])
    told = {
        "rows": shown,
        "late": late[:COUNTED_TO].count(),
        "counts": {state: counts[state] for state in OPEN},
        "is_empty": not any(counts.values()),
        "may_write": access.may("agents.write"),
    }
    return Card("agents/handoffs/overview_card.html", told, FIRST if shown else LATER)
