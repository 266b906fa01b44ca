"""Nothing that an agent tells of itself makes the SDK raise: what may not be told is left out, counted, warned of."""

import contextlib
import enum
import threading
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from assay import AssayWarning
from assay.core.codes import REASONS, SIGNALS
from assay.tracing import AgentTracer, Run
from assay.tracing.drops import Drops
from assay.tracing.record import MOST_OF_A_KIND

from tests.sdk.conftest import MakeTracer, Sent
from tests.sdk.twin import Twin

# What a test expects it asserts; a warning besides is no news here.
pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

DECISION = ("tool_selection", "search", "cost_optimization")
SIGNAL = ("tool_success", "first_attempt", True)


class Reason(str, enum.Enum):  # noqa: UP042 - the older way, which others still use
    """Reasons of a caller who likes them as members."""

    CHEAPER = "cost_optimization"


class Name(str):
    """A name of a class of the caller's."""


class TwoFaced(str, enum.Enum):  # noqa: UP042
    """A code on its face, which holds something else."""

    CODE = "code"

    def __init__(self, code: str) -> None:
        self._value_ = "two words"


class Hostile:
    """A thing that no code expects."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    __repr__ = __str__


GARBAGE: list[Any] = [
    "",
    "two words",
    "x" * 101,
    "naïve",
    "line\n",
    "\ud800",
    b"bytes",
    0,
    -1,
    10**400,
    1.2,
    float("nan"),
    float("inf"),
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("1e999999"),
    1j,
    True,
    [],
    [[]],
    {},
    {"a": []},
    {1: 2},
    {"x y": 1},
    object(),
    np.array([1, 2]),
    Hostile(),
]


def record_all(tracer: AgentTracer, garbage: Any) -> None:
    """Put it wherever something can be put."""
    with tracer.start_run() as run:
        step = run.step("tool", "search")
        for place in range(3):
            run.record_decision(*DECISION[:place], garbage, *DECISION[place + 1 :])
            run.record_quality_signal(*SIGNAL[:place], garbage, *SIGNAL[place + 1 :])
        for name in ("candidates", "confidence", "step_id", "metadata"):
            run.record_decision(*DECISION, **{name: garbage})
        run.record_decision(*DECISION, candidates=[garbage], metadata={"a": garbage})
        for name in ("weight", "step_id", "metadata"):
            run.record_quality_signal(*SIGNAL, **{name: garbage})
        for name in ("name", "parent", "model", "resolution", "metadata"):
            run.step("tool", **{name: garbage}).end()
        run.step(garbage).end()
        run.record_failure(garbage, garbage, step_id=garbage, metadata=garbage)
        run.fail(garbage, garbage, garbage)
        step.fail(garbage, failure_type=garbage, metadata=garbage)
        for told in (run, step):
            told.set_tokens(garbage, garbage, garbage, cost_usd=garbage)
            told.set_resolution(garbage)
            told.add_metadata(garbage)
            told.add_metadata({"key": garbage})
        step.set_tokens(model=garbage)
    for name in ("run_id", "parent", "session_id", "trace_id", "span_id", "resolution", "metadata"):
        tracer.start_run(**{name: garbage}).end()


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: type(garbage).__name__)
def test_it_raises_nothing_and_sends_nothing_that_is_refused(
    twin: Twin, make_tracer: MakeTracer, sent: Sent, garbage: Any
) -> None:
    tracer = make_tracer()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record_all(tracer, garbage)

    assert len(sent(tracer)) == 8
    assert twin.runs.refusals == []
    assert sum(tracer.dropped.values()) > 5
    assert "unwritable" not in tracer.dropped


@pytest.mark.parametrize(
    ("tell", "kind", "left"),
    [
        (lambda run: run.record_decision("tool_selection", "a", "early_exit"), "unknown_decision", "decisions"),
        (lambda run: run.record_decision("taste", "a", "early_exit"), "unknown_decision", "decisions"),
        (lambda run: run.record_decision(*DECISION, confidence=1.2), "out_of_range", "decisions"),
        (lambda run: run.record_decision(*DECISION, confidence=True), "out_of_range", "decisions"),
        (lambda run: run.record_quality_signal("tool_success", "timeout", True), "unknown_signal", "quality_signals"),
        (lambda run: run.record_quality_signal(*SIGNAL[:2], 1), "not_a_boolean", "quality_signals"),
        (lambda run: run.record_quality_signal(*SIGNAL, weight=-0.1), "out_of_range", "quality_signals"),
    ],
)
def test_it_leaves_out_a_decision_or_signal_that_the_server_would_refuse(
    make_tracer: MakeTracer, sent: Sent, tell: Any, kind: str, left: str
) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        tell(run)

    (item,) = sent(tracer)
    assert left not in item
    assert tracer.dropped == {kind: 1}


@pytest.mark.parametrize(
    ("changes", "kind", "kept"),
    [
        ({"candidates": ["a", "two words", "b", 5]}, "not_a_code", {"candidates": ["a", "b"]}),
        ({"candidates": [f"c{n}" for n in range(60)]}, "too_many", {"candidates": [f"c{n}" for n in range(50)]}),
        ({"candidates": ("a", "b")}, None, {"candidates": ["a", "b"]}),
        ({"step_id": "7"}, "unknown_step", {}),
        ({"step_id": "01"}, "unknown_step", {}),
        ({"metadata": {"user_prompt": "x", "input_tokens": 5, "output": 1, "n": 1.5}}, "metadata", None),
        ({"metadata": {"a": "two words", "b": [1], "c": None}}, "metadata", {"metadata": {"c": None}}),
        ({"metadata": {f"k{n}": n for n in range(51)}}, "metadata", None),
        ({"confidence": np.float32(0.5)}, None, {"confidence": 0.5}),
        ({"confidence": Fraction(1, 2)}, None, {"confidence": 0.5}),
        ({"confidence": 1}, None, {"confidence": 1.0}),
        ({"metadata": {"n": np.float64(0.5), "s": Reason.CHEAPER}}, None, None),
    ],
)
def test_it_keeps_the_decision_without_what_is_wrong_beside_it(
    make_tracer: MakeTracer, sent: Sent, changes: dict[str, Any], kind: str | None, kept: dict[str, Any] | None
) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.record_decision("tool_selection", "a", Reason.CHEAPER, **changes)

    (item,) = sent(tracer)
    (decision,) = item["decisions"]
    assert (decision["selected"], decision["reason_code"]) == ("a", "cost_optimization")
    if kept is not None:
        named = {"decision_type", "selected", "reason_code", "at"}
        assert {name: value for name, value in decision.items() if name not in named} == kept
    assert list(tracer.dropped) == ([kind] if kind else [])


def test_it_keeps_metadata_that_names_no_content(make_tracer: MakeTracer, sent: Sent) -> None:
    given = {"user_prompt": "x", "toolOutput": 1, "Message": True, "input_tokens": 5, "input_name": "x", "chain": "a-b"}
    tracer = make_tracer()
    tracer.start_run(metadata=given).end()

    (item,) = sent(tracer)
    assert item["metadata"] == {"input_tokens": 5, "chain": "a-b"}
    assert tracer.dropped == {"metadata": 4}


def test_metadata_grows_to_its_bound(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(metadata={f"k{n}": n for n in range(40)}) as run:
        run.add_metadata({f"k{n}": -n for n in range(30, 60)})

    (item,) = sent(tracer)
    assert item["metadata"] == {f"k{n}": n if n < 30 else -n for n in range(50)}
    assert tracer.dropped == {"metadata": 10}


def test_it_tells_of_a_string_its_characters_alone(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer(Name("scout"), session_id=TwoFaced.CODE)
    with tracer.start_run(run_id=Name("r-1"), metadata={Name("a"): Name("b"), "c": TwoFaced.CODE}) as run:
        run.step(Name("tool"), Name("search"), model=TwoFaced.CODE).end()
        run.record_decision(*DECISION[:1], TwoFaced.CODE, Reason.CHEAPER, candidates=[TwoFaced.CODE], step_id=Name("1"))
        run.record_failure("tool", TwoFaced.CODE)

    (item,) = sent(tracer)
    assert (item["agent_id"], item["run_id"], item["session_id"]) == ("scout", "r-1", "code")
    assert item["metadata"] == {"a": "b", "c": "code"}
    assert (item["steps"][0]["name"], item["steps"][0]["model"]) == ("search", "code")
    (decision,) = item["decisions"]
    assert (decision["selected"], decision["candidates"], decision["step_id"]) == ("code", ["code"], "1")
    assert item["failures"][0]["code"] == "code"
    assert tracer.dropped == {}


def test_a_failure_or_step_of_an_unknown_kind_is_still_one(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.step("think", "a").end()
        run.record_failure("disaster", "The database said no.")

    (item,) = sent(tracer)
    assert [(step["step_type"], step["name"]) for step in item["steps"]] == [("other", "a")]
    assert item["failures"] == [{"failure_type": "other", "code": "unnamed"}]
    assert tracer.dropped == {"unknown_step_type": 1, "unknown_failure_type": 1, "not_a_code": 1}


def test_every_pair_of_the_lists_is_taken(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        for decision_type, reasons in REASONS.items():
            for reason in reasons:
                run.record_decision(decision_type, "a", reason)
        for signal_type, codes in SIGNALS.items():
            for code in codes:
                run.record_quality_signal(signal_type, code, False)

    (item,) = sent(tracer)
    assert (len(item["decisions"]), len(item["quality_signals"])) == (25, 25)
    assert (tracer.dropped, twin.runs.refusals) == ({}, [])


def test_it_warns_once_of_each_kind_and_counts_on(make_tracer: MakeTracer, caplog: pytest.LogCaptureFixture) -> None:
    tracer = make_tracer()
    with pytest.warns(AssayWarning) as warned, tracer.start_run() as run:  # noqa: PT031
        for _ in range(100):
            run.record_decision("tool_selection", "a", "early_exit")
            run.record_quality_signal(*SIGNAL, weight=5)

    told = [str(warning.message) for warning in warned if warning.category is AssayWarning]
    assert [message.partition(",")[2].split(":")[0].split(".")[0] for message in told] == [
        " a decision was left out",
        " a number was outside its range; it was left out, and with it a decision or signal that it rated",
    ]
    assert all(message.endswith("Further ones are counted only, in AgentTracer.dropped.") for message in told)
    assert len(caplog.records) == 2
    assert tracer.dropped == {"unknown_decision": 100, "out_of_range": 100}


WORDS = "two words"


@pytest.mark.parametrize(
    ("tell", "field", "call"),
    [
        (lambda run: run.step("tool", WORDS), "name", "Run.step"),
        (lambda run: run.step("tool", model=WORDS), "model", "Run.step"),
        (lambda run: run.step(WORDS), "step_type", "Run.step"),
        (lambda run: run.step("tool", parent=WORDS), "parent", "Run.step"),
        (lambda run: run.step("tool").set_tokens(model=WORDS), "model", "Step.set_tokens"),
        (lambda run: run.step("tool").set_tokens(1, -2), "tokens_out", "Step.set_tokens"),
        (lambda run: run.step("tool").fail(WORDS), "code", "Step.fail"),
        (lambda run: run.set_tokens(cost_usd=WORDS), "cost_usd", "Run.set_tokens"),
        (lambda run: run.set_resolution(WORDS), "resolution", "Run.set_resolution"),
        (lambda run: run.fail(WORDS, "a"), "failure_type", "Run.fail"),
        (lambda run: run.record_failure("tool", WORDS), "code", "Run.record_failure"),
        (lambda run: run.record_decision(DECISION[0], WORDS, DECISION[2]), "selected", "Run.record_decision"),
        (lambda run: run.record_decision(*DECISION[:2], WORDS), "reason_code", "Run.record_decision"),
        (lambda run: run.record_decision(*DECISION, candidates=[WORDS]), "candidates", "Run.record_decision"),
        (lambda run: run.record_decision(*DECISION, confidence=5), "confidence", "Run.record_decision"),
        (lambda run: run.record_decision(*DECISION, step_id=WORDS), "step_id", "Run.record_decision"),
        (lambda run: run.record_quality_signal(*SIGNAL, weight=5), "weight", "Run.record_quality_signal"),
        (lambda run: run.record_quality_signal(*SIGNAL[:2], WORDS), "value", "Run.record_quality_signal"),
        (lambda run: run.record_quality_signal(SIGNAL[0], WORDS, True), "signal_code", "Run.record_quality_signal"),
        (lambda run: run.add_metadata({"b": WORDS, "a": 1, "c": []}), "metadata[b, c]", "Run.add_metadata"),
        (lambda run: run.add_metadata({"user_prompt": 1}), "metadata[user_prompt]", "Run.add_metadata"),
        (lambda run: run.add_metadata({WORDS: 1}), "metadata", "Run.add_metadata"),
        (lambda run: run.add_metadata(WORDS), "metadata", "Run.add_metadata"),
    ],
)
def test_it_names_the_field_and_the_callers_line_and_no_value(
    make_tracer: MakeTracer, tell: Any, field: str, call: str
) -> None:
    run = make_tracer().start_run()
    with pytest.warns(AssayWarning) as warned:
        tell(run)
    message = str(warned[0].message)
    number = tell.__code__.co_firstlineno
    assert f"It was `{field}` of `{call}`, called in {__file__}, line {number}." in message
    assert WORDS not in message


@pytest.mark.parametrize("field", ["run_id", "session_id", "parent", "trace_id", "span_id", "resolution", "metadata"])
def test_it_names_the_field_of_a_run(make_tracer: MakeTracer, field: str) -> None:
    tracer = make_tracer()
    with pytest.warns(AssayWarning, match=rf"It was `{field}` of `AgentTracer.start_run`, called in .*, line \d+"):
        tracer.start_run(**{field: WORDS})


def test_it_warns_of_each_field_once(make_tracer: MakeTracer, caplog: pytest.LogCaptureFixture) -> None:
    tracer = make_tracer()
    run = tracer.start_run()
    for _ in range(10):
        run.step(WORDS, WORDS, model=WORDS)
    assert (len(caplog.records), tracer.dropped) == (3, {"unknown_step_type": 10, "not_a_code": 20})
    # Names of keys may be without end.
    for number in range(100):
        run.add_metadata({f"k{number}": WORDS})
    assert len(caplog.records) == 3 + 20
    assert tracer.dropped["metadata"] == 100


def test_it_names_the_line_that_left_a_with_and_none_where_nobody_called(
    twin: Twin, make_tracer: MakeTracer, caplog: pytest.LogCaptureFixture
) -> None:
    tracer = make_tracer()
    with contextlib.ExitStack() as stack:
        stack.enter_context(tracer.start_run())
        tracer.close()
    assert f"called in {__file__}, line" in caplog.text
    caplog.clear()
    drops = Drops()
    thread = threading.Thread(target=drops.count, args=["unwritable"])
    thread.start()
    thread.join()
    assert "It was" not in caplog.text
    assert "written as JSON. Further ones" in caplog.text


def test_a_closed_tracer_takes_nothing_and_harms_nobody(twin: Twin, make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    open_run = tracer.start_run()
    assert tracer.close()
    with tracer.start_run(announce=True) as run, run.step("tool"):
        run.record_decision(*DECISION)
    open_run.end()

    assert tracer.close()
    assert tracer.flush()
    assert twin.runs.taken == {}
    assert tracer.dropped == {"closed": 3}


def after_the_end(run: Run) -> None:
    run.step("tool").end()
    run.record_decision(*DECISION)
    run.record_quality_signal(*SIGNAL)
    run.record_failure("tool", "late")
    run.set_tokens(5)
    run.add_metadata({"late": True})
    run.partial()


def test_what_comes_after_the_end_of_a_run_is_left_out(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run, run.step("tool"):
        pass
    after_the_end(run)

    (item,) = sent(tracer)
    assert set(item) == {
        "run_id",
        "agent_id",
        "agent_version",
        "environment",
        "status",
        "started_at",
        "ended_at",
        "steps",
    }
    assert (len(item["steps"]), item["status"]) == (1, "success")
    assert tracer.dropped == {"ended": 7}


def test_a_run_beyond_all_bounds_is_told_as_far_as_they_go(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        for _ in range(MOST_OF_A_KIND + 5):
            with run.step("tool"):
                pass
        with run.step("tool") as beyond, run.step("model"):
            run.record_decision(*DECISION)
            run.record_decision(*DECISION, step_id=beyond.step_id)
        for _ in range(MOST_OF_A_KIND + 5):
            run.record_quality_signal(*SIGNAL)

    (item,) = sent(tracer)
    assert (len(item["steps"]), len(item["quality_signals"])) == (MOST_OF_A_KIND, MOST_OF_A_KIND)
    assert [decision.get("step_id") for decision in item["decisions"]] == [None, None]
    assert tracer.dropped == {"too_many": 12}


def test_it_says_what_the_server_will_not_take(twin: Twin, make_tracer: MakeTracer) -> None:
    twin.runs.rejecting = {"rex"}
    good, bad = make_tracer("nova"), make_tracer("rex")
    bad.start_run().end()
    bad.start_run().end()
    good.start_run().end()
    assert bad._engine._spool.save()  # to the disk that they share, as its thread does soon

    with pytest.warns(AssayWarning, match="rejected 2 of 3 runs items for good: time_out_of_range"):
        assert good.flush()
    assert len(twin.runs.taken) == 1


def test_it_says_which_part_of_a_run_the_server_will_not_take(twin: Twin, make_tracer: MakeTracer) -> None:
    """A server of an earlier version, perhaps, which has not heard of this reason."""
    twin.runs.unheard_of = {"early_exit"}
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.record_decision("orchestration_path", "a", "early_exit")
        run.record_decision(*DECISION)

    with pytest.warns(AssayWarning, match="took runs items without 1 of their parts, for good: unknown_reason"):
        assert tracer.flush()
    assert len(twin.runs.taken) == 1
