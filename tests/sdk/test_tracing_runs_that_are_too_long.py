"""A run that holds more than the server takes of one is told without what can best be done without."""

from collections.abc import Callable

import pytest
from assay.core import token
from assay.tracing import Run
from assay.tracing.shorten import MOST_VALUES

from agents.telemetry.decode import MOST_VALUES as MOST_VALUES_OF_THE_SERVER
from tests.sdk.conftest import MakeTracer, Sent
from tests.sdk.twin import Twin, uuid_of

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

MUCH = {f"key_{number}": number for number in range(50)}
RESOLUTION = token.make(token.head_of(uuid_of(1), uuid_of(2)), 1_790_000_000_000)
MANY = [f"candidate-{number}" for number in range(50)]


def test_the_server_takes_as_much() -> None:
    assert MOST_VALUES == MOST_VALUES_OF_THE_SERVER


def steps(run: Run) -> None:
    for _ in range(10_000):
        run.step("tool", "search", metadata=MUCH).end()


def decisions(run: Run) -> None:
    for _ in range(10_000):
        run.record_decision("tool_selection", "search", "cost_optimization", candidates=MANY, confidence=0.5)


def all_of_it(run: Run) -> None:
    more = {"rows": 12}
    with run.step("plan"):
        for _ in range(9_999):
            with run.step("model", "answer", model="small", resolution=RESOLUTION, metadata=more) as step:
                step.set_tokens(1, 2, 3)
        for _ in range(10_000):
            choice = ("tool_selection", "search", "cost_optimization")
            run.record_decision(*choice, candidates=MANY, confidence=0.5, metadata=more)
            run.record_quality_signal("tool_success", "first_attempt", True, weight=0.5, metadata=more)
            run.record_failure("tool", "down", metadata=more)


@pytest.mark.parametrize(
    ("fill", "kinds"),
    [
        (steps, ["steps"]),
        (decisions, ["decisions"]),
        (all_of_it, ["steps", "decisions", "quality_signals", "failures"]),
    ],
    ids=["steps", "decisions", "all"],
)
def test_it_is_told_as_far_as_the_server_takes_it(
    twin: Twin, make_tracer: MakeTracer, sent: Sent, fill: Callable[[Run], None], kinds: list[str]
) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        fill(run)

    (item,) = sent(tracer)
    assert all(len(item[kind]) == 10_000 for kind in kinds)
    assert twin.bodies[-1].count(b",") <= MOST_VALUES
    assert twin.runs.refusals == []
    assert list(tracer.dropped) == ["too_many"]
    # No more than half of what would have been taken is left out with what would not.
    assert twin.bodies[-1].count(b",") > MOST_VALUES / 3
