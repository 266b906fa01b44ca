"""What handoffs put on the first page: what waits, what is late, who asks something."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from agents.admin.board import COUNTED_TO, LATELY, count_by_state, first_cards, overdue, with_marks
from agents.models import Handoff
from agents.models.handoff_states import OPEN, Status
from sentinel.admin_slots import Card, put
from sentinel.current_project import current_access

MOST_SHOWN = 5
# Where something needs somebody it stands before what only tells.
FIRST, LATER = -10, 20


@put("overview")
def overview(request: HttpRequest, about: Any) -> Card | None:
    """How many are open, how many expired within a day, and those that need somebody: late, nearly so, or with a
    question. Four queries."""
    access = current_access(request)
    if not access.may("agents.read"):
        return None
    handoffs = Handoff.objects.in_project(access.project_id)
    counts = count_by_state(access.project_id, handoffs)
    marked: Any = with_marks(handoffs.filter(status__in=OPEN))
    needs = marked.filter(Q(presses=True) | Q(lapsed=True) | Q(status=Status.INPUT_REQUIRED))
    shown = first_cards(needs, MOST_SHOWN)
    # What is past its deadline is open until a worker has written that down: till then it is among the rows.
    newest = handoffs.filter(status=Status.EXPIRED).order_by("-id").values("pk")[:COUNTED_TO]
    expired = handoffs.filter(pk__in=newest, expired_at__gt=timezone.now() - LATELY).count()
    told = {
        "rows": shown,
        "late": overdue(handoffs).order_by()[:COUNTED_TO].count(),
        "expired": expired,
        "counts": {state: counts[state] for state in OPEN},
        "is_empty": not any(counts.values()),
        "may_write": access.may("agents.write"),
    }
    return Card("agents/handoffs/overview_card.html", told, FIRST if shown or expired else LATER)
