"""What the worker does for agents. Each can be run twice."""

from agents.tidy_handoffs import tidy_handoffs


def tidy() -> None:
    """Write down what time has done to handoffs."""
    tidy_handoffs()
