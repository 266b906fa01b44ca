"""Compiles what an expression is made of: variables and what is inside them, and literals."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from jinja2 import nodes

from assay.core.errors import AssayError, pointer_of
from assay.core.template.operate import read_index, read_key, read_name, read_slot
from assay.core.template.parse import UNPRINTABLE, refusal
from assay.core.template.run import LARGEST_NUMBER, Read, Where
from assay.core.template.uses import Use

LOOKUPS = (nodes.Name, nodes.Getattr, nodes.Getitem)
WORDS = {
    "Call": "A call",
    "Dict": "An object literal",
    "List": "A list, but to the right of 'in',",
    "Name": "A variable in this place",
    "Neg": "A sign before anything but a number",
    "Slice": "A slice",
    "Tuple": "A list, but to the right of 'in',",
}


class Path(NamedTuple):
    """A variable, or something inside one: how to read it, how it is used, and what to call it in an error."""

    read: Read
    use: Use
    where: Where


class Local(NamedTuple):
    """A loop variable: the slot where its value is kept while the loop runs."""

    slot: int
    use: Use
    pointer: str


class Paths(ABC):
    """Compiles variables and literals, and gathers in `uses`, by name, how each variable is used."""

    def __init__(self, pointer: str) -> None:
        self.pointer = pointer
        self.uses: dict[str, Use] = {}
        self.scopes: list[dict[str, Local]] = []
        self.weight = 0  # what one round through the statements so far costs, in steps of `Run.spend`
        self.loop_is_read = False

    @abstractmethod
    def expression(self, node: nodes.Node, kind: Any) -> Read:
        """How to read an expression; see `Expressions`."""

    def path(self, node: nodes.Node, *, lenient: bool = False) -> Path:
        """How to read a variable or something inside one. Lenient: what is not there is null instead of an error."""
        if type(node) is nodes.Name:
            return self._name(node)
        if type(node) is nodes.Getattr:
            return self._key(node.node, node.attr, lenient=lenient)
        if type(node) is nodes.Getitem:
            if type(node.arg) is nodes.Const and type(node.arg.value) is str:
                return self._key(node.node, node.arg.value, lenient=lenient)
            return self._index(node, lenient=lenient)
        raise self.refuse(node, "Looking into anything but a variable")

    def _name(self, node: nodes.Name) -> Path:
        name = node.name
        self.check_name(node, name)
        for scope in reversed(self.scopes):
            if name in scope:
                local = scope[name]
                self.loop_is_read = self.loop_is_read or name == "loop"
                return Path(read_slot(local.slot), local.use, Where(name, local.pointer))
        if name == "loop":
            raise self.refuse(node, "'loop' outside a loop")
        where = Where(name, pointer_of(("variables", name)))
        return Path(read_name(name, where), self.uses.setdefault(name, Use()), where)

    def _key(self, inner: nodes.Node, key: str, *, lenient: bool) -> Path:
        self.check_text(inner, key)
        self.check_name(inner, key)
        self.weight += 1
        parent = self.path(inner, lenient=lenient)
        where = Where(f"{parent.where.text}.{key}", parent.where.pointer + pointer_of((key,)))
        return Path(read_key(parent.read, key, parent.where, where, lenient=lenient), parent.use.key(key), where)

    def _index(self, node: nodes.Getitem, *, lenient: bool) -> Path:
        index = self.expression(node.arg, "compare")
        parent = self.path(node.node, lenient=lenient)
        parent.use.kinds.add("index")
        where = Where(f"{parent.where.text}[…]", parent.where.pointer)
        return Path(read_index(parent.read, index, parent.where, where, lenient=lenient), Use(), where)

    def where(self, node: nodes.Node) -> Where:
        """What an error in an expression is about: the first variable in it."""
        if isinstance(node, LOOKUPS):
            return self.path(node, lenient=True).where
        name = node.find(nodes.Name)
        return Where("The template", self.pointer) if name is None else self._name(name).where

    def constant(self, node: nodes.Node) -> Any:
        """The value of a literal: a text, a boolean, null, or a number of ordinary size, with its sign."""
        literal = node.node if isinstance(node, nodes.Neg) else node
        if type(literal) is not nodes.Const:
            raise self.refuse(node)
        value = literal.value
        if isinstance(value, str):
            self.check_text(node, value)
        elif type(value) in (int, float) and not -LARGEST_NUMBER < value < LARGEST_NUMBER:
            raise self.refuse(node, "A number this large")
        if literal is node:
            return value
        if type(value) not in (int, float):
            raise self.refuse(node)
        return -value

    def constants(self, node: nodes.Node) -> tuple[Any, ...] | None:
        """The values of a list literal, or None when it is something else."""
        if isinstance(node, (nodes.List, nodes.Tuple)):
            return tuple(self.constant(item) for item in node.items)
        return None

    def check_name(self, node: nodes.Node, name: str) -> None:
        """Refuses a name that begins with an underscore: none does in a JSON document made for people to read."""
        if name.startswith("_"):
            raise self.refuse(node, f"The name {name[:40]!r}, which begins with an underscore,")

    def check_text(self, node: nodes.Node, text: str) -> None:
        """Refuses a literal that, by its escapes, holds what no text may hold."""
        if UNPRINTABLE.search(text):
            raise self.refuse(node, "NUL or half a surrogate pair in a text")

    def refuse(self, node: nodes.Node, what: str = "") -> AssayError:
        """The error that this node, or what it is used for, is not part of the subset."""
        kind = type(node).__name__
        return refusal(self.pointer, f"{what or WORDS.get(kind, kind)} is not part of Assay's templates.", node.lineno)
