"""This file lets you store runs, in groups that are merged as one, with everything that counts them."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from assay.core.errors import AssayError
from django.db import IntegrityError, OperationalError, connection, transaction

from agents.answer_calls import answer_calls
from agents.fold_counts import fold_counts
from agents.keep_telemetry_months import forget_months, keep_telemetry_months, unkept_months
from agents.load_runs import load_runs
from agents.note_calls import note_calls
from agents.note_counts import note_counts
from agents.telemetry.count import Counts
from agents.telemetry.facts import Group, Run
from agents.telemetry.held import Held
from agents.telemetry.ids import key_of, prefix_of, row_id
from agents.telemetry.loops import find_loop
from agents.telemetry.rows import OF_RUNS, Row
from agents.write_rows import write_rows
from config.months import month_of, time_of_id

# How what is stored of a group (nothing, for a new one) and what was sent become what is stored from now on: whole
# runs, with all that belongs to them. It may be called again with the same where the database asks for another try, and
# what it raises costs its group alone.
Merge = Callable[[list[Run], list[Run]], list[Run]]

TRIES = 5
# After so many transactions of a project in a process, what they count for is added up: hundreds of rollup rows are
# written once for all of them, and who asks a question waits a moment at most.
FOLDED_EVERY = 32
_stored: Counter[UUID] = Counter()
# A deadlock, a serialization failure: the database asks for another try. A check that is none of a constraint's: the
# month that was there a moment ago is dropped.
_AGAIN = ("40P01", "40001")
_NO_PARTITION = "23514"

CLAIM = """
    INSERT INTO agents_runkey (project_id, key, id)
    SELECT %(project)s, key, id FROM unnest(%(keys)s::uuid[], %(ids)s::uuid[]) AS sent (key, id)
    ON CONFLICT (project_id, key) DO NOTHING
    RETURNING key
"""
LOCK = """
    SELECT key, id FROM agents_runkey WHERE project_id = %(project)s AND key = ANY(%(keys)s::uuid[])
    ORDER BY key FOR UPDATE
"""
RELEASE = "DELETE FROM agents_runkey WHERE project_id = %(project)s AND key = ANY(%(keys)s::uuid[])"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a group: `stored` (new), `updated` or `duplicate`; its runs as they are now, and their ids."""

    result: str
    runs: list[Run]
    ids: dict[str, UUID]


class _MonthMissing(Exception):
    """A group was stored in a month that this process has not seen."""


def store_runs(*, project_id: UUID, groups: Sequence[Group], merge: Merge) -> list[Stored | AssayError]:
    """Store each group, new or once more: what became of it, or why it was refused. Acknowledged is stored.

    All in one transaction. The same key may come several times in `groups`; each is merged after the one before it.
    `began_at` is only heard of a group that is new; whoever calls has checked that it lies within what is kept.
    Everything in a run must be codes and numbers within the ranges of `agents.telemetry.sent`.
    """
    if not groups:
        return []
    months = {month_of(group.began_at) for group in groups}
    for tries_left in reversed(range(TRIES)):
        keep_telemetry_months(months)
        try:
            with transaction.atomic():
                told, held = _store(project_id, groups, merge)
        except _MonthMissing as missing:
            months |= missing.args[0]
        except (OperationalError, IntegrityError) as error:
            if not (tries_left and _may_try_again(error)):
                raise
        else:
            answer_calls(project_id=project_id, held=held)
            _stored[project_id] += 1
            if _stored[project_id] % FOLDED_EVERY == 0:
                fold_counts(project_id=project_id, wait=False)
            return told
    raise OperationalError("no try was left")


def _may_try_again(error: Exception) -> bool:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate == _NO_PARTITION and not cause.diag.constraint_name:
        forget_months()
        return True
    return cause.sqlstate in _AGAIN


def _store(
    project_id: UUID, groups: Sequence[Group], merge: Merge
) -> tuple[list[Stored | AssayError], Collection[Held]]:
    held = _hold(project_id, groups)
    told: list[Stored | AssayError] = []
    for group in groups:
        one = held[group.key]
        try:
            runs = merge(one.now, group.runs)
        except AssayError as error:
            told.append(error)
            continue
        for run in runs:
            run.steps.sort(key=_seq)
            run.loop_length, run.loop_repeats = find_loop(run.steps) or (None, None)
        result = one.become(runs)
        told.append(Stored(result, runs, one.ids()))
    _write(project_id, [one for one in held.values() if one.differs])
    return told, held.values()


def _seq(step: Any) -> tuple[int, str]:
    # Of steps with the same number the order is that of their ids: the same whenever they are loaded again.
    return step.seq, step.step_id


def _hold(project_id: UUID, groups: Sequence[Group]) -> dict[str, Held]:
    """Each group by its key, held by this transaction; what is stored of it is loaded.

    All do this in the order of the keys' hashes, first with those that are new to them and then with the others, so
    that no two wait for each other.
    """
    project = project_id.hex
    held: dict[UUID, Held] = {}
    for group in groups:
        key = key_of(group.key)
        if key not in held:
            id_ = UUID(row_id(prefix_of(group.key, group.began_at), group.key, "run", group.key))
            held[key] = Held(group.key, id_, project)
    with connection.cursor() as cursor:
        keys = sorted(held)
        sent: dict[str, Any] = {"project": project_id, "keys": keys, "ids": [held[key].id for key in keys]}
        cursor.execute(CLAIM, sent)
        new = {key for (key,) in cursor.fetchall()}
        known = [key for key in held if key not in new]
        if known:
            cursor.execute(LOCK, {"project": project_id, "keys": known})
            for key, id_ in cursor.fetchall():
                held[key].keep_under(id_)
    if known:
        _recall(project_id, [held[key] for key in known])
    return {one.key: one for one in held.values()}


def _recall(project_id: UUID, held: Sequence[Held]) -> None:
    if missing := unkept_months({month_of(time_of_id(one.id)) for one in held}):
        raise _MonthMissing(missing)
    found = load_runs(project_id=project_id, ids=[one.id for one in held])
    for one in held:
        one.recall([run for id_, run in found.get(one.prefix, ()) if id_ == one.id_of(run)])


def _write(project_id: UUID, held: Sequence[Held]) -> None:
    """What differs between what each group was and what it is: rows, calls and counts."""
    for table in OF_RUNS:
        gone: list[str] = []
        new: list[Row] = []
        for one in held:
            one.differ(table, gone, new)
        write_rows(project_id=project_id, table=table, gone=gone, new=new)
    note_calls(project_id=project_id, held=held)
    counts = Counts()
    for one in held:
        for run in one.stored or ():
            counts.add(run, one.milliseconds, -1)
        for run in one.now:
            counts.add(run, one.milliseconds)
    if empty := [key_of(one.key) for one in held if one.stored is None and not one.now]:
        # Nothing came of it: whoever sends it next is the first.
        with connection.cursor() as cursor:
            cursor.execute(RELEASE, {"project": project_id, "keys": empty})
    note_counts(project_id=project_id, counts=counts)
