"""Turn a run into the JSON that is queued for it, where no agent waits for that."""

from decimal import Decimal

import msgspec

from assay.core.execution import MOST_TOKENS
from assay.core.token import randomness
from assay.tracing import measure
from assay.tracing.items import RunItem
from assay.tracing.record import Record
from assay.tracing.shorten import is_too_long, shorten


class Report:
    """A run as it is to be sent: whole, or as far as it has come. It takes the place of what was queued of it before.

    `rows` is how many rows the server will store, about.
    """

    __slots__ = ("_final", "_item", "_record", "id", "replaces", "rows")

    def __init__(self, record: Record) -> None:
        item = record.item
        # An id for each: what takes another's place in the queue must stay when that other has been sent and goes.
        self.id = f"{randomness.getrandbits(128):032x}"
        self.replaces = record.queued_as
        record.queued_as = self.id
        self.rows = 1 + len(item.steps) + len(item.decisions) + len(item.quality_signals)
        self._record = record
        self._final = record.ended
        self._item = item if self._final else msgspec.structs.replace(item)

    def body(self) -> bytes | None:
        """Return the JSON; None if there can be none (and count it), or none is needed any more."""
        item, record = self._item, self._record
        if self._final:
            _complete(item, record.costs)
        elif record.ended and record.queued_as != self.id:
            return None  # it ended in another thread, and how it ended is queued: perhaps before this
        try:
            body = msgspec.json.encode(item)
            while is_too_long(body) and (left_out := shorten(item)):
                record.drops.count("too_many", left_out)
                body = msgspec.json.encode(item)
            return body
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            record.drops.count("unwritable")
            return None


def _complete(item: RunItem, costs: dict[str, Decimal]) -> None:
    for step in item.steps:
        if step.status == "running":  # the run ended before it did
            step.status = "partial"
    model_steps = [step for step in item.steps if step.step_type == "model"]
    item.tokens_in = _total(item.tokens_in, [step.tokens_in for step in model_steps])
    item.tokens_out = _total(item.tokens_out, [step.tokens_out for step in model_steps])
    item.tokens_cached = _total(item.tokens_cached, [step.tokens_cached for step in model_steps])
    if item.cost_usd is None and costs:
        item.cost_usd = measure.total(costs.values())


def _total(said: int | None, counted: list[int | None]) -> int | None:
    known = [count for count in counted if count is not None]
    return min(sum(known), MOST_TOKENS) if said is None and known else said
