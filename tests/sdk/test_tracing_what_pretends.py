"""What only says of itself that it is a string, a number or a dict is left out, and raises nothing into the agent."""

import decimal
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from unittest.mock import MagicMock, Mock

import numpy as np
import pytest
from assay import AssayError
from assay.core.resolve import Resolution
from assay.tracing import AgentTracer, Run, Step

from tests.sdk.conftest import MakeTracer, Sent
from tests.sdk.test_tracing_what_may_not_be_told import DECISION, SIGNAL, record_all
from tests.sdk.twin import Twin

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

CLASSES = (str, bytes, int, float, bool, dict, list, tuple, set, Decimal, Fraction, Resolution, Run, Step)


@pytest.mark.parametrize("make", [Mock, MagicMock])
@pytest.mark.parametrize("pretended", CLASSES, ids=lambda pretended: pretended.__name__)
def test_a_mock_is_nothing_of_what_it_stands_in_for(
    twin: Twin, make_tracer: MakeTracer, sent: Sent, make: Callable[..., Any], pretended: type
) -> None:
    tracer = make_tracer()
    record_all(tracer, make(spec=pretended))

    assert len(sent(tracer)) == 8
    assert twin.runs.refusals == []
    assert "unwritable" not in tracer.dropped


def test_a_mock_of_a_boolean_is_no_value(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.record_quality_signal(*SIGNAL[:2], Mock(spec=bool))

    (item,) = sent(tracer)
    assert "quality_signals" not in item
    assert tracer.dropped == {"not_a_boolean": 1}


def test_a_tracer_is_not_made_for_a_mock() -> None:
    with pytest.raises(AssayError, match="invalid_options"):
        AgentTracer(Mock(spec=str), "1", url="http://127.0.0.1:9", key="key")


class Lying(dict[Any, Any]):
    """A dict that shows other things than it holds."""

    def items(self) -> Any:
        return {"user_prompt": "code"}.items()

    def __iter__(self) -> Any:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


class Folded(str):
    """A string that is equal to what it is equal to but for case."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.lower() == other.lower()

    def __hash__(self) -> int:
        return hash(self.lower())


class Small(int):
    """A number that passes for a smaller one."""

    def __abs__(self) -> int:
        return 0


def test_metadata_is_judged_by_what_it_holds(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(metadata=Lying(kept=1)) as run:
        run.add_metadata({Folded("userprompt"): 1})
        run.add_metadata({Folded("userPrompt"): "code"})
        run.add_metadata({"small": Small(10**400)})

    (item,) = sent(tracer)
    assert item["metadata"] == {"kept": 1, "userprompt": 1}
    assert tracer.dropped == {"metadata": 2}


class Candidates(list[str]):
    """A list that cannot be read in its own way."""

    def __iter__(self) -> Any:
        raise RuntimeError


def test_candidates_are_read_as_what_they_are(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.record_decision(*DECISION, candidates=Candidates(["search", "cache"]))

    (item,) = sent(tracer)
    assert item["decisions"][0]["candidates"] == ["search", "cache"]


def test_costs_are_exact_in_whatever_context_the_agent_counts(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    context = decimal.Context(prec=3, traps=[decimal.Inexact, decimal.FloatOperation, decimal.InvalidOperation])
    with decimal.localcontext(context), tracer.start_run() as run:
        for dollars in (Decimal("12.345678912"), 0.1, Decimal("1e999999"), Decimal("sNaN")):
            with run.step("model") as step:
                step.set_tokens(cost_usd=dollars)

    (item,) = sent(tracer)
    assert Decimal(item["cost_usd"]) == Decimal("12.44567891")
    assert tracer.dropped == {"out_of_range": 2}


class Incomparable:
    """What raises when it is compared."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("exit_code", [Incomparable(), np.array([1, 2])], ids=["incomparable", "array"])
def test_a_program_may_exit_with_anything(make_tracer: MakeTracer, sent: Sent, exit_code: Any) -> None:
    tracer = make_tracer()
    with pytest.raises(SystemExit), tracer.start_run():
        raise SystemExit(exit_code)

    (item,) = sent(tracer)
    assert item["status"] == "failure"
