"""The steps that a template is made of once it is compiled: write, choose, loop."""

from typing import Any

from assay.core.template.operate import facts_of_loop
from assay.core.template.run import MAX_LOOP, Read, Run, Step, Where, bad_value, text_of


def write_constant(text: str) -> Step:
    """Writes a piece of the template itself."""
    return lambda run: run.write(text)


def write(read: Read, where: Where) -> Step:
    """Writes the value of an expression."""

    def step(run: Run) -> None:
        value = read(run)
        run.write(value if type(value) is str else text_of(value, where))

    return step


def choose(branches: list[tuple[Read, list[Step]]], otherwise: list[Step]) -> Step:
    """Runs the first branch whose test holds, or else what is left."""

    def step(run: Run) -> None:
        chosen = otherwise
        for test, steps in branches:
            if test(run):
                chosen = steps
                break
        for inner in chosen:
            inner(run)

    return step


class Loop:
    """Runs its steps for each item of a list. `weight` is what one round costs; `tells` says whether `loop` is read."""

    __slots__ = ("items", "otherwise", "slot", "steps", "tells", "test", "weight", "where")

    def __init__(
        self, items: Read, where: Where, slot: int, test: Read | None, steps: list[Step], *, tells: bool, weight: int
    ) -> None:
        self.items = items
        self.where = where
        self.slot = slot
        self.test = test
        self.steps = steps
        self.tells = tells
        self.weight = weight
        self.otherwise: list[Step] = []

    def run(self, run: Run) -> None:
        """The step. What all rounds cost is spent before the first, so that an empty body is bounded too."""
        items = self._items(run)
        slots, slot, steps = run.slots, self.slot, self.steps
        for index, item in enumerate(items):
            slots[slot] = item
            if self.tells:
                slots[slot + 1] = facts_of_loop(index, len(items))
            for step in steps:
                step(run)
        if not items:
            for step in self.otherwise:
                step(run)

    def _items(self, run: Run) -> list[Any]:
        items = self.items(run)
        if items is None:
            return []
        if type(items) is not list:
            raise bad_value(self.where, "is not a list, so it cannot be looped over.")
        if len(items) > MAX_LOOP:
            raise bad_value(self.where, f"holds {len(items)} items; a loop takes at most {MAX_LOOP}.")
        run.spend(1 + len(items) * self.weight)
        return items if self.test is None else [item for item in items if self._holds(run, item, self.test)]

    def _holds(self, run: Run, item: object, test: Read) -> bool:
        run.slots[self.slot] = item
        return bool(test(run))
