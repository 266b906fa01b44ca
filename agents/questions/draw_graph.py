"""This file lets you see which agents there are, who calls whom, and who hands work to whom."""

from dataclasses import replace
from operator import attrgetter
from typing import Any

import msgspec
from django.db.models import Count, Q, QuerySet

from agents.models import Handoff
from agents.questions.count_rows import FINISHED, RUNS
from agents.questions.read_counts import read_counts
from agents.questions.run_rows import read_rows
from agents.questions.scope import Scope, WindowTold
from agents.questions.together import share
from agents.questions.window import lowest_id

# A call has the id of the run that was called: both are kept in the order of their ids and met in one pass.
CALLS = """
    SELECT call.caller, call.callee, count(*) AS count,
           count(*) FILTER (WHERE run.status = 'failure') AS failure,
           count(*) FILTER (WHERE run.status = 'running') AS running
    FROM agents_call call JOIN agents_run run ON run.project_id = call.project_id AND run.id = call.id
    WHERE call.project_id = %(project)s AND call.id >= %(low)s AND call.id < %(high)s
      AND run.id >= %(low)s AND run.id < %(high)s {narrowed}
    GROUP BY 1, 2
"""


class GraphNode(msgspec.Struct):
    """An agent. `runs` are those of the window, `success_rate` is in [0, 1], of the finished ones; null without any:
    it was only called by name, or handed work."""

    agent_id: str
    runs: int
    finished: int
    success: int
    failure: int
    success_rate: float | None


class CallEdge(msgspec.Struct, frozen=True):
    """Runs of `callee` that runs of `caller` started; a caller of null is one whose own run is not known (yet)."""

    caller: str | None
    callee: str
    count: int
    failure: int
    running: int


class HandoffEdge(msgspec.Struct):
    """Work that `from_agent` (null: somebody outside) handed to `to_agent`, and how much of it is in which state."""

    from_agent: str | None
    to_agent: str
    count: int
    states: dict[str, int]


class AgentsGraph(msgspec.Struct):
    """Agents, calls between their runs, and handoffs made in the window. Handoffs have no version or environment."""

    window: WindowTold
    nodes: list[GraphNode]
    calls: list[CallEdge]
    handoffs: list[HandoffEdge]


def draw_graph(*, scope: Scope) -> AgentsGraph:
    """The agents of `scope` and what goes between them; of one agent, what it gives and what it is given. Three
    queries."""
    agent_id, everyone = scope.agent_id, replace(scope, agent_id=None)
    about = "AND (call.caller = %(agent_id)s OR call.callee = %(agent_id)s)" if agent_id else ""
    narrowed = f"{everyone.narrowed('run.')} {about}"
    calls = [CallEdge(**row) for row in read_rows(CALLS.format(narrowed=narrowed), scope.parameters)]
    handoffs = _handoffs(scope)
    nodes = {row["agent_id"]: _node(row) for row in read_counts(RUNS, everyone, ("agent_id",), ("running", *FINISHED))}
    met = {name for call in calls for name in (call.caller, call.callee)}
    met |= {name for edge in handoffs for name in (edge.from_agent, edge.to_agent)}
    met = met | {agent_id} if agent_id else met | set(nodes)
    named = sorted(name for name in met if name is not None)
    calls.sort(key=lambda call: (-call.count, call.caller or "", call.callee))
    return AgentsGraph(
        scope.told, [nodes.get(name) or GraphNode(name, 0, 0, 0, 0, None) for name in named], calls, handoffs
    )


def _node(row: dict[str, Any]) -> GraphNode:
    finished = row["success"] + row["failure"] + row["partial"]
    return GraphNode(
        agent_id=row["agent_id"],
        runs=finished + row["running"],
        finished=finished,
        success=row["success"],
        failure=row["failure"],
        success_rate=share(row["success"], finished),
    )


def _handoffs(scope: Scope) -> list[HandoffEdge]:
    """Who handed how much to whom, as it stands at this moment. One query."""
    window = Q(pk__gte=lowest_id(scope.window.start), pk__lt=lowest_id(scope.window.end))
    handoffs: QuerySet[Any] = Handoff.objects.in_project(scope.project_id).filter(window).judged()
    if scope.agent_id is not None:
        handoffs = handoffs.filter(Q(from_agent__code=scope.agent_id) | Q(to_agent__code=scope.agent_id))
    counted = (
        handoffs.order_by("from_agent__code", "to_agent__code", "state")
        .values_list("from_agent__code", "to_agent__code", "state")
        .annotate(count=Count("pk"))
    )
    edges: dict[tuple[str | None, str], HandoffEdge] = {}
    for giver, taker, state, count in counted:
        edge = edges.setdefault((giver, taker), HandoffEdge(giver, taker, 0, {}))
        edge.states[state] = count
        edge.count += count
    return sorted(edges.values(), key=attrgetter("count"), reverse=True)
