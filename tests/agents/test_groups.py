"""Whatever becomes of a group, what counts it is what its rows come to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from assay.core.codes import FAILURE_TYPES, REASONS, RUN_STATUSES, SIGNALS, STEP_TYPES
from assay.core.errors import AssayError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import RunKey
from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Decision, Failure, Group, Run, Signal, Step, Trial
from sentinel.models import Project
from tests.agents.asking import a_run
from tests.agents.reporting import check_counts, stored

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
codes = st.text("abcXYZ019._:/@+-", min_size=1, max_size=5) | st.sampled_from(
    ["null", "NULL", "true", "-1", "1e5", "//"]
)
moments = st.integers(0, 10**10).map(lambda micro: BEGAN + timedelta(microseconds=micro))
times = st.none() | moments
shares = st.none() | st.floats(0, 1)
# Small enough that sums of squares are exact, whatever was added and taken back in between.
counts = st.none() | st.integers(0, 10**6)
trials = st.none() | st.builds(
    Trial, version_id=st.just(uuid4()), experiment_id=st.just(uuid4()), arm=st.integers(0, 9)
)
values = codes | st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15) | st.booleans() | st.none()
metadata = st.dictionaries(st.sampled_from(["region", "retries", "Cached2", "a/b"]), values, max_size=3)
spent = {
    "started_at": times,
    "ended_at": times,
    "latency_ms": st.none() | st.floats(0, 10_000).map(lambda each: round(each, 6)),
    "tokens_in": counts,
    "tokens_out": counts,
    "tokens_cached": counts,
    "trial": trials,
    "metadata": metadata,
}
steps = st.builds(
    Step,
    step_id=st.sampled_from("abcdef"),
    parent_step_id=st.none() | codes,
    step_type=st.sampled_from(STEP_TYPES),
    name=st.none() | st.sampled_from(["search", "read"]),
    seq=st.integers(0, 9),
    status=st.sampled_from(RUN_STATUSES),
    model=st.none() | codes,
    **spent,
)
own = st.sampled_from("abcd")
of_step = {"own_id": own, "step_id": st.none() | codes, "metadata": metadata}
failures = st.builds(Failure, failure_type=st.sampled_from(FAILURE_TYPES), code=codes, **of_step)
decisions = st.sampled_from([(kind, code) for kind, each in REASONS.items() for code in each]).flatmap(
    lambda pair: st.builds(
        Decision,
        decision_type=st.just(pair[0]),
        reason_code=st.just(pair[1]),
        selected=codes,
        candidates=st.lists(codes, max_size=3),
        confidence=shares,
        at=times,
        **of_step,
    )
)
signals = st.sampled_from([(kind, code) for kind, each in SIGNALS.items() for code in each]).flatmap(
    lambda pair: st.builds(
        Signal,
        signal_type=st.just(pair[0]),
        signal_code=st.just(pair[1]),
        value=st.booleans(),
        weight=shares,
        at=times,
        **of_step,
    )
)
runs = st.builds(
    Run,
    **spent
    | {
        "run_id": st.sampled_from(["run-1", "run-2", "run-3"]),
        "agent_id": st.sampled_from(["clerk", "cook"]),
        "agent_version": st.sampled_from(["1", "2"]),
        "environment": st.just("test"),
        "status": st.sampled_from(RUN_STATUSES),
        "started_at": moments,
        "parent_run_id": st.none() | st.sampled_from(["run-1", "run-2", "run-9"]),
        "cost_usd": st.none() | st.decimals(0, 1000, places=8),
        "steps": st.lists(steps, max_size=6, unique_by=lambda it: it.step_id),
        "failures": st.lists(failures, max_size=2, unique_by=lambda it: it.own_id),
        "decisions": st.lists(decisions, max_size=3, unique_by=lambda it: it.own_id),
        "signals": st.lists(signals, max_size=3, unique_by=lambda it: it.own_id),
    },
)
reports = st.lists(runs, max_size=3, unique_by=lambda it: it.run_id)
groups = st.lists(
    st.tuples(st.sampled_from(["trace-1", "trace-2"]), st.integers(0, 5), reports), min_size=1, max_size=4
)


def put(stored: list[Run], sent: list[Run]) -> list[Run]:
    """What is sent takes the place of what is stored: runs appear, disappear and change."""
    return sent


def plain(run: Run) -> Run:
    """Without an order that nobody keeps."""
    run.steps.sort(key=lambda it: (it.seq, it.step_id))
    for parts in (run.failures, run.decisions, run.signals):
        parts.sort(key=lambda it: it.own_id)
    return run


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(groups, min_size=1, max_size=3))
def test_it_counts_what_its_rows_come_to_and_gives_back_what_was_stored(
    bakery: Project, batches: Sequence[Sequence[tuple[str, int, list[Run]]]]
) -> None:
    last: dict[str, list[Run]] = {}
    for batch in batches:
        sent = [
            Group(f"{bakery.pk}{key}", BEGAN - timedelta(hours=hours), [named(run, key) for run in reported])
            for key, hours, reported in batch
        ]
        told = store_runs(project_id=bakery.pk, groups=sent, merge=put)
        assert all(isinstance(one, Stored) for one in told), told
        last |= {group.key: group.runs for group in sent}
    expected = {run.run_id: plain(run) for group in last.values() for run in group}
    found = {name: plain(run) for name, run in stored(bakery.pk).items()}
    assert found == expected
    check_counts(bakery.pk)
    # The same again changes nothing.
    again = [Group(key, BEGAN, group) for key, group in last.items()]
    assert {
        one.result
        for one in store_runs(project_id=bakery.pk, groups=again, merge=put)
        if isinstance(one, Stored) and one.runs
    } <= {"duplicate"}
    store_runs(project_id=bakery.pk, groups=[Group(key, BEGAN, []) for key in last], merge=put)
    assert stored(bakery.pk) == {}
    check_counts(bakery.pk)


def named(run: Run, key: str) -> Run:
    """Runs are unique in a project."""
    run.run_id = f"{key}:{run.run_id}"
    return run


def test_a_group_that_is_refused_costs_the_others_nothing(bakery: Project) -> None:
    def merge(stored: list[Run], sent: list[Run]) -> list[Run]:
        if sent[0].run_id == "run-2":
            raise AssayError("run_conflict", "No.", status=409)
        return sent

    groups = [Group(f"run-{number}", BEGAN, [a_run(f"run-{number}", BEGAN)]) for number in (1, 2, 3)]
    told = store_runs(project_id=bakery.pk, groups=groups, merge=merge)
    assert [getattr(one, "result", getattr(one, "code", None)) for one in told] == ["stored", "run_conflict", "stored"]
    assert set(stored(bakery.pk)) == {"run-1", "run-3"}
    assert RunKey.objects.count() == 2
    check_counts(bakery.pk)


def test_no_cost_is_rounded(bakery: Project) -> None:
    runs = [a_run(f"run-{number}", BEGAN, cost_usd=Decimal("0.00000001")) for number in range(3)]
    store_runs(project_id=bakery.pk, groups=[Group(run.run_id, BEGAN, [run]) for run in runs], merge=put)
    check_counts(bakery.pk)
    assert {run.cost_usd for run in stored(bakery.pk).values()} == {Decimal("0.00000001")}


@pytest.mark.parametrize("odd", ["a\tb", "a\nb", 'a"b', "a],[b", "a\\b", "é", "a b", "a" * 101])
def test_what_is_no_code_is_refused_by_the_table_and_breaks_no_row(bakery: Project, odd: str) -> None:
    """Whatever comes past the doors stays within its own field."""
    run = a_run("run-1", BEGAN, session_id=odd)
    other = a_run("run-2", BEGAN)
    with pytest.raises(Exception, match="is_a_code") as caught:
        store_runs(project_id=bakery.pk, groups=[Group(one.run_id, BEGAN, [one]) for one in (run, other)], merge=put)
    assert type(caught.value).__name__ == "IntegrityError"
    assert stored(bakery.pk) == {}
