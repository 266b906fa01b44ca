"""This file lets you find runs that went in circles, and the circles that come up again and again."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from uuid import UUID

import msgspec

from agents.questions.count_rows import FINISHED, RUNS
from agents.questions.cycle import Kind, turned
from agents.questions.read_counts import read_counts
from agents.questions.read_cycles import read_cycles
from agents.questions.run_rows import COLUMNS, RunTold, read_runs
from agents.questions.scope import Scope, WindowTold

SUMS = ("running", "looping", *FINISHED)

LOOPING = """
    SELECT {columns} FROM agents_run
    WHERE project_id = %(project)s AND loop_repeats IS NOT NULL AND id >= %(low)s AND id < %(high)s {narrowed}
    ORDER BY id DESC LIMIT %(most)s
"""


class CycleStep(msgspec.Struct, frozen=True):
    """A step of a cycle."""

    step_type: str
    name: str | None


class Loop(msgspec.Struct, frozen=True):
    """A run, the steps that it went through again and again, and how often in a row. `cycle` is null where the
    runs before it on the page have 300,000 steps."""

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
    """Runs that went through the same steps at least three times in a row. Two queries, and one for each twenty of
    them."""
    asked = scope.parameters | {"most": size + 1}
    if before is not None:
        asked["high"] = min(before, asked["high"])
    (everything,) = read_counts(RUNS, scope, (), SUMS) or [dict.fromkeys(SUMS, 0)]
    found = read_runs(LOOPING.format(columns=", ".join(COLUMNS), narrowed=scope.narrowed()), asked)
    runs = found[:size]
    loops = _loops(runs, read_cycles(project_id=scope.project_id, runs=runs))
    return Loops(
        window=scope.told,
        runs=sum(everything[status] for status in ("running", *FINISHED)),
        looping=everything["looping"],
        results=loops,
        groups=_groups(loops),
        next=runs[-1].id if len(found) > size else None,
    )


def _loops(runs: Sequence[RunTold], cycles: Mapping[UUID, Sequence[Kind]]) -> list[Loop]:
    return [
        Loop(run, run.loop_repeats or 1, run.loop_length or 1, _told(cycles[run.id]) if run.id in cycles else None)
        for run in runs
    ]


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
