"""Compiles a syntax tree to plain Python functions, by a closed list of nodes.

What is not in the list is refused, so nothing runs that was not looked at here. Variables, attributes and indexes read
dictionaries and lists by key and place, and never an attribute of a Python object; no code is generated.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jinja2 import nodes

from assay.core.template.expressions import Expressions
from assay.core.template.paths import LOOKUPS, Local, Path
from assay.core.template.run import Step
from assay.core.template.steps import Loop, choose, write, write_constant
from assay.core.template.uses import Use

MAX_LOOPS = 2
LOOP_FACTS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})


class Compiler(Expressions):
    """Compiles one template. `uses` then says, by name, how it uses each variable it is given."""

    def body(self, statements: list[nodes.Node]) -> list[Step]:
        """The steps of a list of statements."""
        steps: list[Step] = []
        for statement in statements:
            self.weight += 1
            if type(statement) is nodes.Output:
                steps.extend(self._output(statement))
            elif type(statement) is nodes.If:
                steps.append(self._if(statement))
            elif type(statement) is nodes.For:
                steps.append(self._for(statement))
            else:
                raise self.refuse(statement)
        return steps

    def _output(self, output: nodes.Output) -> Iterator[Step]:
        for node in output.nodes:
            self.weight += 1
            if type(node) is nodes.TemplateData:
                yield write_constant(node.data)
            else:
                yield write(self.expression(node, "print"), self.where(node))

    def _if(self, statement: nodes.If) -> Step:
        branches = [
            (self.expression(branch.test, "test"), self.body(branch.body)) for branch in (statement, *statement.elif_)
        ]
        return choose(branches, self.body(statement.else_))

    def _for(self, statement: nodes.For) -> Step:
        if statement.recursive:
            raise self.refuse(statement, "A recursive loop")
        if len(self.scopes) >= MAX_LOOPS:
            raise self.refuse(statement, f"A loop more than {MAX_LOOPS} deep")
        if not isinstance(statement.iter, LOOKUPS):
            raise self.refuse(statement, "A loop over anything but a variable")
        items = self.path(statement.iter)
        before, outer_is_read = self.weight, self.loop_is_read
        self.loop_is_read = False
        with self._scope(statement, items) as slot:
            test = None if statement.test is None else self.expression(statement.test, "test")
            steps = self.body(statement.body)
        loop = Loop(
            items.read, items.where, slot, test, steps, tells=self.loop_is_read, weight=1 + self.weight - before
        )
        self.loop_is_read = outer_is_read
        loop.otherwise = self.body(statement.else_)
        return loop.run

    @contextmanager
    def _scope(self, statement: nodes.For, items: Path) -> Iterator[int]:
        target = statement.target
        if type(target) is not nodes.Name:
            raise self.refuse(statement, "A loop over more than one name")
        self.check_name(target, target.name)
        if target.name in ("loop", "brand"):
            raise self.refuse(target, f"A loop variable of the name {target.name!r}")
        slot, facts, pointer = 2 * len(self.scopes), Use(), items.where.pointer
        item = Local(slot, items.use.items(), pointer)
        self.scopes.append({target.name: item, "loop": Local(slot + 1, facts, pointer)})
        yield slot
        self.scopes.pop()
        unknown = sorted(facts.keys.keys() - LOOP_FACTS)
        if unknown:
            raise self.refuse(target, f"'loop.{unknown[0][:40]}'")
        if facts.kinds:
            raise self.refuse(target, "'loop' by itself")
