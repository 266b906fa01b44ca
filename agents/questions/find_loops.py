"""This file lets you find runs that went in circles, and the circles that come up again and again."""

from collections.abc import Sequence
from operator import attrgetter
from uuid import UUID

import msgspec

from agents.questions.count_rows import FINISHED, RUNS
from agents.questions.cycle import Kind, cycle_of, turned
from agents.questions.read_counts import read_counts
from agents.questions.run_rows import COLUMNS, RunTold, group_of, read_rows, read_runs
from agents.questions.scope import Scope, WindowTold

# So many steps are read for one answer, and of one run.
MOST_STEPS = 200_000
MOST_OF_A_RUN = 2_000
SUMS = ("running", "looping", *FINISHED)

LOOPING = """
    SELECT {columns} FROM agents_run
    WHERE project_id = %(project)s AND loop_repeats IS NOT NULL AND id >= %(low)s AND id < %(high)s {narrowed}
    ORDER BY id DESC LIMIT %(most)s
"""
STEPS = f"""
    SELECT step.run, step.step_type, step.name
    FROM unnest(%(runs)s::uuid[]) WITH ORDINALITY AS asked (id, place) CROSS JOIN LATERAL (
        SELECT run, step_type, name FROM agents_step
        WHERE project_id = %(project)s AND run = asked.id AND agents_step.id {group_of("asked.id")}
        ORDER BY seq, step_id LIMIT {MOST_OF_A_RUN}
    ) step
    LIMIT {MOST_STEPS}
"""  # noqa: S608 - numbers and columns of our own


class CycleStep(msgspec.Struct, frozen=True):
    """A step of a cycle."""

    step_type: str
    name: str | None


class Loop(msgspec.Struct, frozen=True):
    """A run, the steps that it went through again and again, and how often in a row. `cycle` is null where they lie
    beyond the steps that were read."""

    run: RunTold
    repeats: int
    length: int
    cycle: list[CycleStep] | None


class LoopGroup(msgspec.Struct):
    """Runs of one agent that went through the same cycle, wherever they entered it. `agent_versions`: of which versions
    they are; `latest`: the newest of them, by its `run_id`."""

    agent_id: str
    cycle: list[CycleStep]
    runs: int
    most_repeats: int
    agent_versions: list[str]
    latest: str


class Loops(msgspec.Struct):
    """A page of looping runs, the newest first, and the same runs by agent and cycle, the most frequent first.

    `looping` of `runs` in the window went in circles, on this page or not. `next`: where the next page begins.
    """

    window: WindowTold
    runs: int
    looping: int
    results: list[Loop]
    groups: list[LoopGroup]
    next: UUID | None


def find_loops(*, scope: Scope, before: UUID | None, size: int) -> Loops:
    """Runs that went through the same steps at least three times in a row. Three queries."""
    asked = scope.parameters | {"most": size + 1}
    if before is not None:
        asked["high"] = min(before, asked["high"])
    (everything,) = read_counts(RUNS, scope, (), SUMS) or [dict.fromkeys(SUMS, 0)]
    found = read_runs(LOOPING.format(columns=", ".join(COLUMNS), narrowed=scope.narrowed()), asked)
    runs = found[:size]
    loops = _loops(runs, _steps(runs, scope.project_id))
    return Loops(
        window=scope.told,
        runs=sum(everything[status] for status in ("running", *FINISHED)),
        looping=everything["looping"],
        results=loops,
        groups=_groups(loops),
        next=runs[-1].id if len(found) > size else None,
    )


def _steps(runs: Sequence[RunTold], project_id: UUID) -> dict[UUID, list[Kind]]:
    """Each run's steps in their order, as far as they are read."""
    steps: dict[UUID, list[Kind]] = {run.id: [] for run in runs}
    if runs:
        for step in read_rows(STEPS, {"project": project_id, "runs": list(steps)}):
            steps[step["run"]].append((step["step_type"], step["name"]))
    return steps


def _loops(runs: Sequence[RunTold], steps: dict[UUID, list[Kind]]) -> list[Loop]:
    loops = []
    for run in runs:
        length, repeats = run.loop_length or 1, run.loop_repeats or 1
        cycle = cycle_of(steps[run.id], length, repeats)
        loops.append(Loop(run, repeats, length, None if cycle is None else _told(cycle)))
    return loops


def _groups(loops: Sequence[Loop]) -> list[LoopGroup]:
    groups: dict[tuple[str, tuple[Kind, ...]], LoopGroup] = {}
    for loop in loops:
        if loop.cycle is None:
            continue
        agent_id = loop.run.agent_id
        cycle = turned(tuple((step.step_type, step.name) for step in loop.cycle))
        # The newest comes first.
        group = groups.setdefault((agent_id, cycle), LoopGroup(agent_id, _told(cycle), 0, 0, [], loop.run.run_id))
        group.runs += 1
        group.most_repeats = max(group.most_repeats, loop.repeats)
        if loop.run.agent_version not in group.agent_versions:
            group.agent_versions.append(loop.run.agent_version)
    for group in groups.values():
        group.agent_versions.sort()
    return sorted(groups.values(), key=attrgetter("runs"), reverse=True)


def _told(cycle: Sequence[Kind]) -> list[CycleStep]:
    return [CycleStep(*kind) for kind in cycle]
