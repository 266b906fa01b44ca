"""This file lets you write down what time has done to handoffs that nobody asked for since."""

from django.db import transaction

from agents.handoffs.settle_handoff import settle_handoff
from agents.models import Handoff

MOST = 10_000


def tidy_handoffs() -> int:
    """Give back what is past its lease, expire what is past its deadline; how many. What somebody has hold of just now
    is left for the next time. Each is a transaction of its own."""
    settled = 0
    for pk in list(Handoff.objects.overdue().order_by("id").values_list("pk", flat=True)[:MOST]):
        with transaction.atomic():
            mine = Handoff.objects.filter(pk=pk)
            if not mine.select_for_update(no_key=True, skip_locked=True).values_list("pk"):
                continue
            handoff = mine.judged().select_related("from_agent", "to_agent", "payload_type").get()
            if handoff.state != handoff.status:
                settle_handoff(handoff)
                settled += 1
    return settled
