"""How a template uses its variables, gathered while it is compiled, to derive a schema or check one."""

from typing import Literal

Kind = Literal["print", "compare", "test", "sized", "contains", "list", "any", "index"]


class Use:
    """How one value is used: in which ways, by which keys, as what kind of items."""

    __slots__ = ("item", "keys", "kinds", "optional")

    def __init__(self) -> None:
        self.kinds: set[Kind] = set()
        self.keys: dict[str, Use] = {}
        self.item: Use | None = None
        self.optional = False

    def key(self, name: str) -> "Use":
        """The use of what lies under a key."""
        return self.keys.setdefault(name, Use())

    def items(self) -> "Use":
        """The use of each of its items."""
        self.kinds.add("list")
        if self.item is None:
            self.item = Use()
        return self.item

    def merge(self, other: "Use") -> None:
        """Take over the uses of another template."""
        self.kinds |= other.kinds
        self.optional = self.optional or other.optional
        for name, use in other.keys.items():
            self.key(name).merge(use)
        if other.item is not None:
            self.items().merge(other.item)
