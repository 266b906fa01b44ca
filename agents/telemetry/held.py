"""A group while it is being changed: what is stored of it, and what it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from agents.telemetry.facts import Run
from agents.telemetry.ids import row_id
from agents.telemetry.rows import RUN_ID, Row, Rows, rows_of


@dataclass(slots=True)
class Held:
    """A group whose key is held. `id` carries its time and the first bits of all its rows' ids; `project` is the
    project's id in hexadecimal; `stored` is None where the group is new."""

    key: str
    id: UUID
    project: str
    prefix: str = ""
    stored: list[Run] | None = None
    now: list[Run] = field(default_factory=list)
    before: Rows = field(default_factory=dict)
    after: Rows = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keep_under(self.id)

    def keep_under(self, id_: UUID) -> None:
        """`prefix` becomes the first 16 hexadecimal digits of this id and of those of all its rows."""
        self.id, self.prefix = id_, id_.hex[:16]

    @property
    def milliseconds(self) -> int:
        """Unix time at which it was first heard to begin."""
        return self.id.int >> 80

    @property
    def differs(self) -> bool:
        return self.stored is None or self.before is not self.after

    def id_of(self, run: Run) -> UUID:
        return UUID(row_id(self.prefix, self.key, "run", run.run_id))

    def ids(self) -> dict[str, UUID]:
        """The ids of its runs as they are now, by the sender's own names of them."""
        return {row[RUN_ID]: UUID(id_) for id_, row in self.after["agents_run"].items()}

    def recall(self, stored: list[Run]) -> None:
        """These runs are what is stored of it."""
        self.stored = self.now = stored
        self.before = self.after = self._rows(stored)

    def become(self, runs: list[Run]) -> str:
        """These runs are what it is from now on: `stored` where it was nothing before, `updated` or `duplicate`."""
        after = self._rows(runs)
        if not self.now:
            result = "stored"
        elif after == self.after:
            return "duplicate"
        else:
            result = "updated"
        self.now, self.after = runs, after
        return result

    def differ(self, table: str, gone: list[str], new: list[Row]) -> None:
        """Add the ids of its rows that are no more, or no more the same, and the rows of those that are new."""
        after = self.after.get(table, {})
        if self.stored is None:
            new.extend(after.values())
            return
        before = self.before[table]
        gone.extend(id_ for id_, row in before.items() if after.get(id_) != row)
        new.extend(row for id_, row in after.items() if before.get(id_) != row)

    def _rows(self, runs: Sequence[Run]) -> Rows:
        return rows_of(runs, key=self.key, prefix=self.prefix, project=self.project)
