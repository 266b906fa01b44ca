"""One step of a run."""

from typing import Any

from assay.error_code import error_code
from assay.tracing import admit, measure
from assay.tracing.fail import ELSEWHERE, TYPES_BY_STEP, is_told, status_of, tell, type_of
from assay.tracing.items import StepItem
from assay.tracing.place import Place
from assay.tracing.record import Record


class Step(Place):
    """What `Run.step` returns. It has begun; it ends with its `with`, or with `end`. It raises nothing."""

    __slots__ = ("item",)

    def __init__(self, record: Record, item: StepItem) -> None:
        super().__init__(record)
        self.item = item

    @property
    def step_id(self) -> str:
        """Its id in its run: "1", "2", … Empty where the run took no further steps."""
        return self.item.step_id

    def set_tokens(
        self,
        tokens_in: int | None = None,
        tokens_out: int | None = None,
        tokens_cached: int | None = None,
        *,
        model: str | None = None,
        cost_usd: Any = None,
    ) -> None:
        """Say what it took: counts, the model's name, US dollars. What is None stays as it is."""
        record, drops, item = self.record, self.record.drops, self.item
        if not record.goes_on():
            return
        item.tokens_in = measure.tokens(tokens_in, drops, "tokens_in", item.tokens_in)
        item.tokens_out = measure.tokens(tokens_out, drops, "tokens_out", item.tokens_out)
        item.tokens_cached = measure.tokens(tokens_cached, drops, "tokens_cached", item.tokens_cached)
        item.model = admit.code(model, drops, "model", item.model)
        dollars = measure.cost(cost_usd, drops, None)
        if dollars is not None and item.step_id:
            record.costs[item.step_id] = dollars

    def set_resolution(self, resolution: Any) -> None:
        """Say which resolution (or its id) it used, so that it is seen with the prompt's version."""
        if self.record.goes_on():
            self.item.resolution_id = admit.resolution_id(resolution, self.record.drops) or self.item.resolution_id

    def add_metadata(self, metadata: dict[str, Any]) -> None:
        """Add codes, numbers, booleans and None to what is known of it."""
        if self.record.goes_on():
            self.item.metadata = admit.more_metadata(self.item.metadata, metadata, self.record.drops)

    def partial(self) -> None:
        """Say that it did a part of what it was to do."""
        if self.record.goes_on():
            self.item.status = "partial"

    def fail(self, code: str, *, failure_type: str | None = None, metadata: dict[str, Any] | None = None) -> None:
        """Say that it failed, though no exception says so. The run may go on well: its status stays as it is."""
        if not self.record.goes_on():
            return
        self.item.status = "failure"
        if failure_type is None:
            failure_type = TYPES_BY_STEP.get(self.item.step_type, ELSEWHERE)
        self.record.fail(failure_type, code, self.step_id or None, metadata)

    def end(self, error: BaseException | None = None) -> None:
        """End it: well, or because of `error`. A second time does nothing."""
        if self.ended:
            return
        self.ended = True
        item, record = self.item, self.record
        if record.ended:
            return  # as it was then, so it is told
        item.ended_at = record.now()
        status = status_of(error, of_step=True)
        if item.status == "running" or status == "failure":
            item.status = status
        if error is not None and status == "failure" and not is_told(error, record.item.run_id):
            record.fail(type_of(error, item.step_type), error_code(error), self.step_id or None)
            tell(error, record.item.run_id)

    def __repr__(self) -> str:
        """Name its place."""
        return f"Step({self.step_id!r} of {self.record.item.run_id!r})"
