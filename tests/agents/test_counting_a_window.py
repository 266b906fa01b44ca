"""Whatever runs there are and whatever window is asked about: the answer is what counting them one by one gives."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import count, product
from typing import Any

import pytest
from assay.core.codes import FAILURE_TYPES, REASONS, SIGNALS
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.fold_counts import fold_counts
from agents.questions.count_rows import DECISIONS, KINDS, RUNS, Kind
from agents.questions.count_rows import SIGNALS as SIGNAL_KIND
from agents.questions.read_counts import read_counts
from agents.questions.scope import Scope
from agents.questions.window import HOUR, Window
from agents.telemetry.facts import Run
from sentinel.models import Project
from tests.agents.asking import a_decision, a_failure, a_run, a_signal, at, keep, steps_of
from tests.conftest import make_project

numbers = count()
# Few hours of three days, so that edges have runs in them; and on and beside the hour, where windows are cut.
INSTANTS = st.builds(
    lambda hour, off: at(10) + hour * HOUR + off,
    st.sampled_from([0, 1, 10, 23, 24, 40, 47, 48]),
    st.sampled_from([timedelta(milliseconds=ms) for ms in (-1, 0, 1, 90_000, 1_800_000, 3_599_999)]),
)
PLACES = {"agent_id": ["clerk", "scout"], "agent_version": ["1.0", "1.1"], "environment": ["production", "staging"]}
PAIRS = [(type_, code) for type_ in ("tool_selection", "response_mode") for code in REASONS[type_]]
CODES = [(type_, code) for type_ in ("schema_valid", "tool_failure") for code in SIGNALS[type_]]
MAYBE_WHOLE = st.none() | st.integers(0, 5000)


@st.composite
def told_runs(draw: st.DrawFn) -> Run:
    decisions = draw(st.lists(st.tuples(st.sampled_from(PAIRS[:4]), st.none() | st.floats(0, 1)), max_size=4))
    signals = draw(st.lists(st.tuples(st.sampled_from(CODES[:3]), st.booleans()), max_size=4))
    return a_run(
        f"run-{next(numbers)}",
        draw(INSTANTS),
        **{name: draw(st.sampled_from(codes)) for name, codes in PLACES.items()},
        status=draw(st.sampled_from(["success", "failure", "partial", "running"])),
        latency_ms=draw(st.none() | st.floats(0, 1e6).map(lambda each: round(each, 6))),
        tokens_in=draw(MAYBE_WHOLE),
        tokens_out=draw(MAYBE_WHOLE),
        cost_usd=draw(st.none() | st.decimals(0, 5, places=4)),
        steps=steps_of(*[("tool", "search")] * draw(st.integers(0, 4))),
        failures=[
            a_failure(kind, own_id=str(place))
            for place, kind in enumerate(draw(st.lists(st.sampled_from(FAILURE_TYPES[:3]), max_size=2)))
        ],
        decisions=[
            a_decision(pair[1], pair[0], confidence=confidence, own_id=str(place))
            for place, (pair, confidence) in enumerate(decisions)
        ],
        signals=[
            a_signal(pair[1], pair[0], value=value, own_id=str(place)) for place, (pair, value) in enumerate(signals)
        ],
    )


def one_by_one(kind: Kind, runs: Sequence[Run], by: Sequence[str]) -> dict[Any, dict[str, float]]:
    """The sums of each group, from the runs themselves."""
    counted: dict[Any, Counter[str]] = defaultdict(Counter)
    for run in runs:
        for pair, sums in CONTRIBUTIONS[kind.table](run).items():
            named = dict(zip(kind.keys, pair, strict=True))
            group = tuple(named.get(name) or getattr(run, name) for name in by)
            for name, value in sums.items():
                counted[group][name] += float(value)
    return counted


def failing(run: Run) -> bool:
    return run.status == "failure" or bool(run.failures)


def failed_kinds(run: Run) -> dict[str, float]:
    finished = run.status != "running"
    return {f"failed_{failure.failure_type}": 1.0 for failure in run.failures if finished}


def of_run(run: Run) -> dict[Any, dict[str, float]]:
    finished = run.status != "running"
    sums: dict[str, float] = {run.status: 1, **failed_kinds(run), "looping": run.loop_repeats is not None}
    if finished:
        sums |= {"with_failures": failing(run), "steps": len(run.steps), "steps_sq": len(run.steps) ** 2}
    if run.latency_ms is not None:
        sums |= {"timed": 1, "latency_ms": run.latency_ms, "latency_sq": run.latency_ms**2}
    if run.tokens_in is not None or run.tokens_out is not None:
        tokens = (run.tokens_in or 0) + (run.tokens_out or 0)
        sums |= {"metered": 1, "tokens": tokens, "tokens_sq": tokens**2}
    if run.cost_usd is not None:
        cost = float(run.cost_usd)
        sums |= {"costed": 1, "cost_usd": cost, "cost_sq": cost**2}
    return {(): sums}


def of_decisions(run: Run) -> dict[Any, dict[str, float]]:
    finished = run.status != "running"
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for decision in run.decisions:
        sums = found[decision.decision_type, decision.reason_code]
        sums["decisions"] += 1
        sums["rated"] += decision.confidence is not None
        sums["confidence"] += decision.confidence or 0.0
    of_its_run = {"runs": finished, "runs_with_failures": finished and failing(run), **failed_kinds(run)}
    return {pair: {**sums, **of_its_run} for pair, sums in found.items()}


def of_signals(run: Run) -> dict[Any, dict[str, float]]:
    found: dict[Any, list[bool]] = defaultdict(list)
    for signal in run.signals:
        found[signal.signal_type, signal.signal_code].append(signal.value)
    finished = run.status != "running"
    return {
        pair: {
            "true_count": sum(values),
            "false_count": len(values) - sum(values),
            "runs_told": finished,
            "runs": finished and any(values),
            "runs_success": run.status == "success" and any(values),
        }
        for pair, values in found.items()
    }


CONTRIBUTIONS: dict[str, Any] = {
    "agents_runcount": of_run,
    "agents_decisioncount": of_decisions,
    "agents_signalcount": of_signals,
}


def check(kind: Kind, scope: Scope, by: tuple[str, ...], runs: Sequence[Run]) -> None:
    about = [
        run
        for run in runs
        if scope.window.start <= run.started_at < scope.window.end
        and scope.agent_id in (None, run.agent_id)
        and (not scope.agent_versions or run.agent_version in scope.agent_versions)
        and scope.environment in (None, run.environment)
    ]
    expected = one_by_one(kind, about, by)
    found = {tuple(row[name] for name in by): row for row in read_counts(kind, scope, by)}
    assert set(found) == set(expected)
    for group, row in found.items():
        for name in kind.sums:
            assert float(row[name]) == pytest.approx(expected[group][name], rel=1e-9, abs=1e-6), (group, name)


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    """What a question is about, the project aside."""
    start, end = sorted(draw(st.tuples(INSTANTS, INSTANTS)))
    return {
        "window": Window(start, end),
        "agent_id": draw(st.none() | st.sampled_from(PLACES["agent_id"])),
        "agent_versions": draw(st.sampled_from([(), ("1.0",), ("1.0", "1.1")])),
        "environment": draw(st.none() | st.sampled_from(PLACES["environment"])),
    }


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    runs=st.lists(told_runs(), max_size=12),
    about=scopes(),
    by=st.sampled_from([(), ("agent_version",), ("agent_id", "environment")]),
)
def test_it_counts_what_is_there(runs: list[Run], about: dict[str, Any], by: tuple[str, ...]) -> None:
    project = make_project(f"count-{next(numbers)}")
    keep(project.pk, *runs)
    for kind in KINDS:
        check(kind, Scope(project.pk, **about), (*kind.keys, *by), runs)


def test_it_counts_every_kind_of_run_at_an_edge(bakery: Project) -> None:
    """Each status, with failures and without, with decisions and signals once, twice and of both values."""
    runs = []
    for place, (status, kinds, twice) in enumerate(
        product(("success", "failure", "partial", "running"), ([], ["tool"], ["tool", "model", "tool"]), (False, True))
    ):
        decisions = [a_decision(), a_decision(own_id="again", confidence=0.5)]
        signals = [
            a_signal(value=twice),
            a_signal(own_id="again", value=False),
            a_signal("no_results", "empty_retrieval"),
        ]
        run = a_run(
            f"run-{place}",
            at(10, 9, place + 1),
            status=status,
            latency_ms=1.5 * place if twice else None,
            tokens_in=place,
            tokens_out=None if twice else 7,
            steps=steps_of(*[("tool", "search")] * place),
            failures=[a_failure(kind, own_id=str(number)) for number, kind in enumerate(kinds)],
            decisions=decisions if twice else decisions[:1],
            signals=signals if twice else signals[1:],
        )
        runs.append(run)
    keep(bakery.pk, *runs)
    for start, end in ((0, 59), (0, 12), (5, 20)):
        for kind in KINDS:
            check(kind, Scope(bakery.pk, Window(at(10, 9, start), at(10, 9, end))), kind.keys, runs)


def three_runs(project: Project) -> list[Run]:
    runs = [
        a_run(
            f"run-{hour}",
            at(10, hour, 30),
            decisions=[a_decision()],
            signals=[a_signal()],
            failures=[a_failure("tool")],
        )
        for hour in (9, 10, 11)
    ]
    keep(project.pk, *runs)
    return runs


def test_it_reads_rollups_alone_on_hour_boundaries(bakery: Project) -> None:
    """Rows that are gone are counted still, where no edge looks for them."""
    three_runs(bakery)
    with connection.cursor() as cursor:
        for table in ("run", "decision", "qualitysignal", "failure", "step"):
            cursor.execute(f"DELETE FROM agents_{table} WHERE project_id = %s", [bakery.pk])
    for kind in KINDS:
        ragged = read_counts(kind, Scope(bakery.pk, Window(at(10, 9, 15), at(10, 11, 45))))
        (whole,) = read_counts(kind, Scope(bakery.pk, Window(at(10, 9), at(10, 12))))
        first = "success" if kind is RUNS else next(iter(kind.sums))
        assert (whole[first], ragged[0][first]) == (3, 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.table)
def test_it_asks_twice_at_most(kind: Kind, bakery: Project) -> None:
    three_runs(bakery)
    fold_counts()
    for window in (Window(at(10), at(11)), Window(at(10, 9, 15), at(12, 11, 45))):
        with CaptureQueriesContext(connection) as queries:
            read_counts(kind, Scope(bakery.pk, window), kind.keys)
        assert len(queries) == 2


def test_it_forgets_what_was_taken_back(bakery: Project) -> None:
    """Of a group that is merged again the counts are those of what it is now."""
    keep(bakery.pk, a_run("one", at(10, 9), status="running", decisions=[a_decision()], signals=[a_signal()]))
    keep(bakery.pk, a_run("one", at(10, 9), status="success", decisions=[], signals=[]))
    scope = Scope(bakery.pk, Window(at(10), at(11)))
    assert read_counts(DECISIONS, scope, DECISIONS.keys) == []
    assert read_counts(SIGNAL_KIND, scope, SIGNAL_KIND.keys) == []
    (runs,) = read_counts(RUNS, scope)
    assert (runs["success"], runs["running"]) == (1, 0)


def test_it_counts_nothing_of_an_empty_window(bakery: Project) -> None:
    three_runs(bakery)
    assert read_counts(RUNS, Scope(bakery.pk, Window(at(10, 9, 30), at(10, 9, 30)))) == []
