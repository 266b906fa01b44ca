"""This file lets a directed graph be laid out in layers, from left to right. Pure: names in, places of an SVG out.

Who calls stands to the left of whom they call, as far as there is no circle (Sugiyama, Tagawa, Toda 1981, "Methods for
Visual Understanding of Hierarchical System Structures"): the heaviest connections decide which way a circle is cut, the
rank is the longest way from a beginning, and the order in a rank follows the middle of the neighbours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH, HEIGHT = 200, 54
GAP_X, GAP_Y, MARGIN = 92, 34, 24
SWEEPS = 4
# Nodes without any connection stand below, so many in a row.
LOOSE_IN_A_ROW = 3
THICKEST, THINNEST = 7.0, 1.5


Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """So much from one node to another. `kind` tells two edges of the same pair apart."""

    source: str
    target: str
    weight: int
    kind: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A node: the upper left corner of its box."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """An edge: its path, where its number stands, and how thick it is."""

    edge: Edge
    path: str
    label_x: float
    label_y: float
    thickness: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in the units of a canvas of this size, whose highest place is `top`."""

    top: float
    width: float
    height: float
    nodes: list[Placed]
    edges: list[Drawn]


def lay_out_graph(names: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """Where everything stands; edges of nodes that are not named are left out."""
    known = set(names)
    edges = [edge for edge in edges if edge.source in known and edge.target in known]
    forward = _without_circles(edges)
    ranks = _ranks(names, forward)
    heaviest = max((edge.weight for edge in edges), default=1)
    places: dict[str, Point] = {}
    drawn: list[Drawn] = []
    bottom = 0.0
    parts = _parts(names, edges)
    for part in (part for part in parts if len(part) > 1 or any(edge.source in part for edge in edges)):
        columns = _ordered({name: ranks[name] for name in names if name in part}, forward)
        own = [edge for edge in edges if edge.source in part]
        # Drawn once to see how high it reaches, and once where that is below what stands there already.
        high, _ = _extent(*_drawn_part(columns, own, ranks, heaviest, 0.0))
        placed, curves = _drawn_part(columns, own, ranks, heaviest, bottom - high)
        bottom = _extent(placed, curves)[1] + MARGIN
        places |= placed
        drawn += curves
    loose = [name for name in names if name not in places]
    for place, name in enumerate(loose):
        row, column = divmod(place, LOOSE_IN_A_ROW)
        places[name] = MARGIN + column * (WIDTH + GAP_X / 2), bottom + (GAP_Y + HEIGHT) * row
    if loose:
        bottom += (GAP_Y + HEIGHT) * -(-len(loose) // LOOSE_IN_A_ROW)
    width = max((x for x, _ in places.values()), default=0.0) + WIDTH + MARGIN
    return Layout(-MARGIN, width, bottom + MARGIN, [Placed(name, *places[name]) for name in names], drawn)


def _parts(names: Sequence[str], edges: Sequence[Edge]) -> list[set[str]]:
    """Those that hang together, the largest first."""
    parts = {name: {name} for name in names}
    for edge in edges:
        one, other = parts[edge.source], parts[edge.target]
        if one is not other:
            one |= other
            parts |= dict.fromkeys(other, one)
    found = {min(part): part for part in parts.values()}
    return sorted(found.values(), key=lambda part: (-len(part), min(part)))


def _drawn_part(
    columns: Sequence[Sequence[str]], edges: Sequence[Edge], ranks: dict[str, int], heaviest: int, lower: float
) -> tuple[dict[str, Point], list[Drawn]]:
    """The places and curves of a part, so much lower."""
    places = {name: (x, y + lower) for name, (x, y) in _places(columns).items()}
    # Of each: how many stand above it in its column, less how many below.
    sunk = {name: 2 * place - len(column) + 1 for column in columns for place, name in enumerate(column)}
    return places, [
        _drawn(edge, places, ranks[edge.target] - ranks[edge.source], sunk[edge.source] + sunk[edge.target], heaviest)
        for edge in edges
    ]


def _extent(places: dict[str, Point], curves: Sequence[Drawn]) -> tuple[float, float]:
    """The highest and the lowest that boxes and curves reach; a curve's label is where it is furthest out."""
    labels = [curve.label_y for curve in curves]
    return min([*labels, *(y for _, y in places.values())]), max([*labels, *(y + HEIGHT for _, y in places.values())])


def _without_circles(edges: Sequence[Edge]) -> dict[str, set[str]]:
    """From each node to those after it: the heaviest edges first, as long as none leads back."""
    after: dict[str, set[str]] = {}
    for edge in sorted(edges, key=lambda it: (-it.weight, it.source, it.target)):
        if edge.source != edge.target and not _leads(after, edge.target, edge.source):
            after.setdefault(edge.source, set()).add(edge.target)
    return after


def _leads(after: dict[str, set[str]], start: str, end: str) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        more = after.get(name, set()) - seen
        seen |= more
        waiting += more
    return False


def _ranks(names: Sequence[str], after: dict[str, set[str]]) -> dict[str, int]:
    """The longest way to each from where nothing comes before."""
    ranks = dict.fromkeys(names, 0)
    # As many rounds as the longest way has nodes settle it.
    for _ in names:
        changed = False
        for source, targets in after.items():
            for target in targets:
                if ranks[target] <= ranks[source]:
                    ranks[target] = ranks[source] + 1
                    changed = True
        if not changed:
            break
    return ranks


def _ordered(ranks: dict[str, int], after: dict[str, set[str]]) -> list[list[str]]:
    """The columns, each in the order of the middle of their neighbours' places."""
    columns: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in sorted(ranks):
        columns[ranks[name]].append(name)
    near: dict[str, set[str]] = {}
    for source, targets in after.items():
        for target in targets:
            near.setdefault(source, set()).add(target)
            near.setdefault(target, set()).add(source)
    for _ in range(SWEEPS):
        height = {name: place - (len(column) - 1) / 2 for column in columns for place, name in enumerate(column)}
        for column in columns:
            middles = {name: sum(height[it] for it in near[name]) / len(near[name]) for name in column if name in near}
            column.sort(key=lambda name: (middles.get(name, height[name]), name))
    return columns


def _places(columns: Sequence[Sequence[str]]) -> dict[str, Point]:
    tallest = max((len(column) for column in columns), default=0)
    places = {}
    for rank, column in enumerate(columns):
        top = MARGIN + (tallest - len(column)) * (HEIGHT + GAP_Y) / 2
        for place, name in enumerate(column):
            places[name] = float(MARGIN + rank * (WIDTH + GAP_X)), top + place * (HEIGHT + GAP_Y)
    return places


def _drawn(edge: Edge, places: dict[str, Point], ranks: int, sunk: int, heaviest: int) -> Drawn:
    share = math.log1p(max(edge.weight, 0)) / math.log1p(max(heaviest, 1))
    thickness = round(THINNEST + (THICKEST - THINNEST) * share, 1)
    path, x, y = _path(edge, places, ranks, sunk)
    return Drawn(edge, path, round(x, 1), round(y, 1), thickness)


def _path(edge: Edge, places: dict[str, Point], ranks: int, sunk: int) -> tuple[str, float, float]:
    """A curve from box to box over so many ranks, and its middle. To the next rank it goes straight over; what stays
    loops above. What goes further or leads back runs above or below, where fewer boxes are in its way."""
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    # Two edges of one pair do not lie on each other.
    shift = 0.0 if edge.kind == "call" else 14.0
    if ranks == 0:
        left, right, over = x1 + WIDTH * 0.3, x1 + WIDTH * 0.7, y1 - 34 - shift
        path = _curve((left, y1), (left - 8, over), (right + 8, over), (right, y1 - 6))
        return path, (left + right) / 2, y1 - 26 - shift
    if ranks == 1:
        start, end = (x1 + WIDTH, y1 + HEIGHT / 2 + shift), (x2 - 7, y2 + HEIGHT / 2 + shift)
        middle = (start[0] + end[0]) / 2
        return _curve(start, (middle, start[1]), (middle, end[1]), end), middle, (start[1] + end[1]) / 2
    # What goes on leaves and enters between the columns, where no box is in the way.
    is_above = sunk < 0 or (sunk == 0 and ranks > 0)
    reach = 34 + 26 * abs(ranks) + shift + (30 if is_above and ranks < 0 else 0)
    side = 0.0 if is_above else float(HEIGHT)
    if ranks > 0:
        side = HEIGHT * (0.3 if is_above else 0.7)
        start, end = (x1 + WIDTH, y1 + side), (x2 - 7, y2 + side)
        bend, other = x1 + WIDTH + GAP_X * 0.6 + shift, x2 - GAP_X * 0.6 - shift
    else:
        start = x1 + WIDTH * 0.42 + shift, y1 + side
        end = x2 + WIDTH * 0.58 + shift, y2 + side + (-7 if is_above else 7)
        bend, other = start[0], end[0]
    far = min(y1, y2) - reach if is_above else max(y1, y2) + HEIGHT + reach
    path = _curve(start, (bend, far), (other, far), end)
    return path, (start[0] + 3 * bend + 3 * other + end[0]) / 8, (start[1] + end[1] + 6 * far) / 8


def _curve(start: Point, bend: Point, other: Point, end: Point) -> str:
    """A cubic Bézier curve, as SVG has it."""
    first, *rest = (f"{x:.0f} {y:.0f}" for x, y in (start, bend, other, end))
    return f"M {first} C {' '.join(rest)}"
