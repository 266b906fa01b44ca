"""What the worker does for agents. Each can be run twice."""

from agents.handoffs.tidy_handoffs import tidy_handoffs
from agents.keep_telemetry import keep_telemetry
from agents.let_go_spans import let_go_spans

SPANS_AT_ONCE = 10_000


def tidy() -> None:
    """Write down what time has done to handoffs."""
    tidy_handoffs()


def keep() -> None:
    """Have the months that telemetry needs, and nothing that is past keeping."""
    keep_telemetry()
    while let_go_spans(most=SPANS_AT_ONCE):
        pass
