"""A group while it is being changed: what is stored of it, and what it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from agents.telemetry.facts import Run
from agents.telemetry.ids import row_id
from agents.telemetry.lines import Lines, lines_of


@dataclass(slots=True)
class Held:
    """A group whose key is held. `id` carries its time and the first bits of all its rows' ids; `project` is the
    project's id in hexadecimal; `stored` is None where the group is new."""

    key: str
    id: UUID
    project: str
    stored: list[Run] | None = None
    now: list[Run] = field(default_factory=list)
    before: Lines = field(default_factory=dict)
    after: Lines = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """The first 16 hexadecimal digits of all its rows' ids."""
        return self.id.hex[:16]

    @property
    def milliseconds(self) -> int:
        """Unix time at which it was first heard to begin."""
        return self.id.int >> 80

    @property
    def differs(self) -> bool:
        return self.stored is None or self.before is not self.after

    def id_of(self, run: Run) -> UUID:
        return UUID(row_id(self.prefix, self.key, "run", run.run_id))

    def recall(self, stored: list[Run]) -> None:
        """These runs are what is stored of it."""
        self.stored = self.now = stored
        self.before = self.after = self._lines(stored)

    def become(self, runs: list[Run]) -> str:
        """These runs are what it is from now on: `stored` where it was nothing before, `updated` or `duplicate`."""
        after = self._lines(runs)
        if not self.now:
            result = "stored"
        elif after == self.after:
            return "duplicate"
        else:
            result = "updated"
        self.now, self.after = runs, after
        return result

    def differ(self, table: str, gone: list[str], new: list[str]) -> None:
        """Add the ids of its rows that are no more, or no more the same, and the lines of those that are new."""
        after = self.after.get(table, {})
        if self.stored is None:
            new.extend(after.values())
            return
        before = self.before[table]
        gone.extend(id_ for id_, line in before.items() if after.get(id_) != line)
        new.extend(line for id_, line in after.items() if before.get(id_) != line)

    def _lines(self, runs: Sequence[Run]) -> Lines:
        return lines_of(runs, key=self.key, prefix=self.prefix, project=self.project)
