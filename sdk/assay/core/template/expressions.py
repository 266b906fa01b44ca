"""Compiles expressions, by a closed list of nodes: what is not in it is refused."""

from typing import Any

from jinja2 import nodes

from assay.core.template.filters import FILTERS
from assay.core.template.operate import COMPARISONS, contains
from assay.core.template.parse import refusal
from assay.core.template.paths import LOOKUPS, Paths
from assay.core.template.run import Read, Run
from assay.core.template.uses import Kind

FILTER_WEIGHT = 4


class Expressions(Paths):
    """Compiles expressions to functions of the run."""

    def expression(self, node: nodes.Node, kind: Kind) -> Read:  # noqa: PLR0911 - one return for each kind of node
        """How to read an expression; `kind` says what its value is for."""
        self.weight += 1
        if isinstance(node, LOOKUPS):
            path = self.path(node)
            path.use.kinds.add(kind)
            return path.read
        match node:
            case nodes.Const() | nodes.Neg():
                return constantly(self.constant(node))
            case nodes.And() | nodes.Or():
                return self._and_or(node, kind)
            case nodes.Not():
                inner = self.expression(node.node, "test")
                return lambda run: not inner(run)
            case nodes.CondExpr():
                return self._choose(node, kind)
            case nodes.Compare():
                return self._compare(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Filter():
                return self._filter(node, kind)
        raise self.refuse(node)

    def _and_or(self, node: nodes.And | nodes.Or, kind: Kind) -> Read:
        left, right = self.expression(node.left, kind), self.expression(node.right, kind)
        if isinstance(node, nodes.And):
            return lambda run: left(run) and right(run)
        return lambda run: left(run) or right(run)

    def _choose(self, node: nodes.CondExpr, kind: Kind) -> Read:
        test, first = self.expression(node.test, "test"), self.expression(node.expr1, kind)
        second = constantly(None) if node.expr2 is None else self.expression(node.expr2, kind)
        return lambda run: first(run) if test(run) else second(run)

    def _compare(self, node: nodes.Compare) -> Read:
        where, first = self.where(node), self.expression(node.expr, "compare")
        links = []
        for operand in node.ops:
            if operand.op in ("in", "notin"):
                literal = self.constants(operand.expr)
                right = self.expression(operand.expr, "contains") if literal is None else constantly(literal)
                links.append((contains(negated=operand.op == "notin"), right))
            else:
                links.append((COMPARISONS[operand.op], self.expression(operand.expr, "compare")))

        def read(run: Run) -> bool:
            left = first(run)
            for holds, other in links:
                right = other(run)
                if not holds(run, left, right, where):
                    return False
                left = right
            return True

        return read

    def _test(self, node: nodes.Test) -> Read:
        if node.name not in ("defined", "undefined") or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self.refuse(node, f"The test {node.name[:40]!r}")
        path = self.path(node.node, lenient=True)
        path.use.optional = True
        path.use.kinds.add("test")
        read = path.read
        if node.name == "defined":
            return lambda run: read(run) is not None
        return lambda run: read(run) is None

    def _filter(self, node: nodes.Filter, kind: Kind) -> Read:
        self.weight += FILTER_WEIGHT
        if node.node is None or node.dyn_args or node.dyn_kwargs or node.kwargs:
            raise self.refuse(node, f"The filter {node.name[:40]!r} used so")
        if node.name in ("default", "d"):
            return self._default(node, node.node, kind)
        if node.name not in FILTERS:
            known = ", ".join(sorted([*FILTERS, "default"]))
            raise refusal(self.pointer, f"There is no filter {node.name[:40]!r}. There are: {known}.", node.lineno)
        found = FILTERS[node.name]
        arguments = [self.constant(argument) for argument in node.args]
        if not found.takes(arguments):
            raise self.refuse(node, f"The filter {node.name!r} with these arguments")
        apply, where, inner = found.apply, self.where(node.node), self.expression(node.node, found.kind)
        return lambda run: apply(run, inner(run), where, *arguments)

    def _default(self, node: nodes.Filter, inner: nodes.Expr, kind: Kind) -> Read:
        """`default(other)` stands in for what is not there, `default(other, true)` also for what is empty or false."""
        if len(node.args) > 2:
            raise self.refuse(node, "The filter 'default' with these arguments")
        other = self.expression(node.args[0], kind) if node.args else constantly("")
        falsy = len(node.args) == 2 and bool(self.constant(node.args[1]))
        if isinstance(inner, LOOKUPS):
            path = self.path(inner, lenient=True)
            path.use.optional = True
            path.use.kinds.add(kind)
            read = path.read
        else:
            read = self.expression(inner, kind)

        def stand_in(run: Run) -> Any:
            value = read(run)
            return other(run) if value is None or (falsy and not value) else value

        return stand_in


def constantly(value: Any) -> Read:
    """A reader that always reads this."""
    return lambda _run: value
