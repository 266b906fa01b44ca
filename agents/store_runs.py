"""This file lets you store runs, in groups that are merged as one, with everything that counts them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from assay.core.errors import AssayError

from agents.telemetry.facts import Group, Run

# How what is stored of a group (nothing, for a new one) and what was sent become what is stored from now on: whole runs,
# with all that belongs to them. It may be called again with the same where the database asks for another try, and what
# it raises costs its group alone.
Merge = Callable[[list[Run], list[Run]], list[Run]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a group: `stored` (new), `updated` or `duplicate`; its runs as they are now, and their ids."""

    result: str
    runs: list[Run]
    ids: dict[str, UUID]


def store_runs(*, project_id: UUID, groups: Sequence[Group], merge: Merge) -> list[Stored | AssayError]:
    """Store each group, new or once more: what became of it, or why it was refused. Acknowledged is stored.

    All in one transaction. The same key may come several times in `groups`; each is merged after the one before it.
    `began_at` is only heard of a group that is new; whoever calls has checked that it lies within what is kept.
    Everything in a run must be codes and numbers within the ranges of `agents.telemetry.facts`.
    """
    raise NotImplementedError
