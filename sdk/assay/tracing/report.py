"""Turn a run into the JSON that is queued for it, where no agent waits for that."""

from decimal import Decimal

import msgspec

from assay.core.execution import MOST_TOKENS
from assay.core.token import randomness
from assay.tracing.items import RunItem
from assay.tracing.record import Record


class Report:
    """A run as it is to be sent: whole, or as far as it has come. It takes the place of what was queued of it before.

    `rows` is how many rows the server will store, about.
    """

    __slots__ = ("_item", "_record", "id", "replaces", "rows")

    def __init__(self, record: Record) -> None:
        item = record.item
        # An id for each: what takes another's place in the queue must stay when that other has been sent and goes.
        self.id = f"{randomness.getrandbits(128):032x}"
        self.replaces = record.queued_as
        record.queued_as = self.id
        self.rows = 1 + len(item.steps) + len(item.decisions) + len(item.quality_signals)
        self._record = record
        self._item = item if record.ended else msgspec.structs.replace(item)

    def body(self) -> bytes | None:
        """Return the JSON, None (and count it) if there can be none."""
        item = self._item
        if self._record.ended and item is self._record.item:
            _complete(item, self._record.costs)
        try:
            return msgspec.json.encode(item)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            self._record.drops.count("unwritable")
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
        item.cost_usd = sum(costs.values(), Decimal(0))


def _total(said: int | None, counted: list[int | None]) -> int | None:
    known = [count for count in counted if count is not None]
    return min(sum(known), MOST_TOKENS) if said is None and known else said
