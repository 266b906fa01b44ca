"""Who calls whom and who hands work to whom, as a picture and as a table."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from agents.admin.graph_layout import HEIGHT, WIDTH, Drawn, Edge, Placed, lay_out_graph
from agents.admin.scoped import scoped
from agents.questions.draw_graph import AgentsGraph, GraphNode, draw_graph
from sentinel.admin_base import ProjectAdmin

# More than this is no picture any more: those with most to do are drawn, all stand in the tables.
MOST_DRAWN = 30
MOST_LISTED = 200
LONGEST_NAME = 19
# Whoever started a run and was not heard of, and whoever handed work over and is no agent.
UNHEARD, OUTSIDE = "not heard of", "outside"


@dataclass(frozen=True, slots=True)
class Box:
    """A node as drawn; `node` is None for what is no agent."""

    place: Placed
    node: GraphNode | None
    said: str


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About six queries."""
    access = page.access(request)
    access.require(page.reads)
    # Calls are counted one by one: a week of them by itself, more when it is asked for.
    asked = scoped(request, access.project_id, names=("agent_id", "environment"), usual="7d")
    found = draw_graph(scope=asked.scope)
    edges = _edges(found)
    nodes = {node.agent_id: node for node in found.nodes}
    layout = lay_out_graph(_drawn_names(found, edges), edges)
    boxes = [Box(place, nodes.get(place.name), _short(place.name)) for place in layout.nodes]
    shown: dict[str, Any] = {
        "asked": asked,
        "selects": asked.selects,
        "found": found,
        "layout": layout,
        "boxes": boxes,
        "drawn": _heaviest_last(layout.edges),
        "is_cut": len(nodes) > len([box for box in boxes if box.node]),
        "calls": found.calls[:MOST_LISTED],
        "handoffs": found.handoffs[:MOST_LISTED],
        "box_width": WIDTH,
        "box_height": HEIGHT,
    }
    return page.page(request, "agents/graph.html", title="Who calls whom", opts=None, **shown)


def _edges(found: AgentsGraph) -> list[Edge]:
    calls = [Edge(it.caller or UNHEARD, it.callee, it.count, "call") for it in found.calls]
    return calls + [Edge(it.from_agent or OUTSIDE, it.to_agent, it.count, "handoff") for it in found.handoffs]


def _drawn_names(found: AgentsGraph, edges: list[Edge]) -> list[str]:
    """The agents with most runs and connections, and what is no agent where something comes from it."""
    weight = {node.agent_id: node.runs for node in found.nodes}
    for edge in edges:
        for name in (edge.source, edge.target):
            weight[name] = weight.get(name, 0) + edge.weight
    return sorted(sorted(weight, key=lambda name: (-weight[name], name))[:MOST_DRAWN])


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _heaviest_last(edges: list[Drawn]) -> list[Drawn]:
    """So that what is thin is not hidden under what is thick, the other way round in painting: thick first."""
    return sorted(edges, key=lambda it: -it.edge.weight)
