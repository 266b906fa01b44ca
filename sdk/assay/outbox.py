"""Queue what the server has not got yet: on disk, shared by all processes of one url and key, safe against SIGKILL.

It holds ids, codes, counts and numbers, never a prompt, a variable or a rendered text.
"""

import contextlib
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import filelock
import msgspec

from assay.folder import PRIVATE_FILE
from assay.notices import warn
from assay.queue_file import BUSY_TIMEOUT, is_damage, is_lasting, open_queue, set_aside

Kind = Literal["usage", "exposures", "executions", "outcomes", "engagement", "runs"]
"""What is sent, in the order of sending, since a rating looks for its execution. Runs have ids of their own in them."""
Version = tuple[str, str]
"""Prompt id and version id."""
Row = tuple[str, str, str | None, int]
"""Id, body, tally and count, as they stand in the file."""

MOST_BYTES = 256 * 1024 * 1024
MOST_BYTES_IN_MEMORY = 64 * 1024 * 1024
MAX_COUNT = 1_000_000
"""The server takes at most this many uses in one item."""


class Item(NamedTuple):
    """One thing to send, as the server wants it, with the id that makes sending it twice harmless."""

    id: str
    body: msgspec.Raw


class Entry(NamedTuple):
    """One thing to put in; what is in under the id `replaces` goes."""

    id: str
    body: bytes
    replaces: str | None = None


class Outbox:
    """The queue. Every method may raise sqlite3.Error or OSError; what was put in before then is still in.

    Once the disk refuses it (full, read-only, gone), the queue goes on in memory; what is on disk waits for the next
    process.
    """

    def __init__(self, folder: Path | None, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        self._abandoned: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._held_for_fork = False

    def count_usage(self, counts: Mapping[Version, int]) -> None:
        """Add uses per prompt and version, to what waits for the same version where that is still possible."""
        with self._transaction() as connection:
            for (prompt_id, version_id), total in counts.items():
                body = msgspec.json.encode({"prompt_id": prompt_id, "version_id": version_id}).decode()
                for count in _portions(total):
                    _add_count(connection, f"{prompt_id}:{version_id}", body, count)

    def add(self, kind: Kind, item_id: str, body: bytes) -> None:
        """Add one item; adding the same id again changes nothing."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO item (id, kind, body) VALUES (?, ?, ?)", (item_id, kind, body.decode())
            )

    def add_all(self, kind: Kind, entries: Sequence[Entry]) -> None:
        """Add these, all or none of them."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO item (id, kind, body) VALUES (?, ?, ?)",
                [(entry.id, kind, entry.body.decode()) for entry in entries],
            )
            replaced = [(entry.replaces,) for entry in entries if entry.replaces is not None]
            if replaced:
                connection.executemany("DELETE FROM item WHERE id = ?", replaced)

    def newest(self) -> int:
        """Return the sequence of the last item put in, 0 if there never was one."""
        with self._transaction() as connection:
            row = connection.execute("SELECT max(sequence) FROM item").fetchone()
            return int(row[0] or 0)

    def take(self, kind: Kind, upto: int, limit: int, most_bytes: int) -> list[Item]:
        """Return the oldest `limit` items, or fewer that are `most_bytes` together, marked as attempted. They stay in
        until `remove`."""
        with self._transaction() as connection:
            found = connection.execute(
                "SELECT id, body, tally, count FROM item WHERE kind = ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                (kind, upto, limit),
            )
            rows = _first(found, most_bytes)
            ids = [(row[0],) for row in rows]
            connection.executemany("UPDATE item SET attempted = 1 WHERE id = ?", ids)
        if kind == "runs":
            return [Item(row[0], msgspec.Raw(row[1].encode())) for row in rows]
        return [_item(*row) for row in rows]

    def never_sent(self, items: Sequence[Item]) -> None:
        """Take back the mark of `take`: the server cannot have seen these, so their counts may grow again."""
        with self._transaction() as connection:
            ids = [(item.id,) for item in items]
            connection.executemany("UPDATE OR IGNORE item SET attempted = 0 WHERE id = ?", ids)

    def remove(self, items: Sequence[Item]) -> None:
        """Forget what was taken by the server, or refused for good."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM item WHERE id = ?", [(item.id,) for item in items])

    def trim(self) -> int:
        """Drop the oldest items beyond the limit, or of a queue that fills too much of the disk, with a warning; return
        how many."""
        with self._transaction() as connection:
            there = connection.execute("SELECT count(*) FROM item").fetchone()[0]
            dropped = _drop_oldest(connection, there - self._limit)
            most = MOST_BYTES if self._folder is not None else MOST_BYTES_IN_MEMORY
            while _bytes_used(connection) > most and (more := _drop_oldest(connection, max(there // 20, 1))):
                dropped += more
        if dropped:
            warn(f"Assay's queue is full: the {dropped} oldest items were dropped unsent.")
        return dropped

    @contextlib.contextmanager
    def sending(self, timeout: float) -> Iterator[bool]:
        """Hold the right to send, one sender for all processes; yields False if another holds it for `timeout` seconds.

        The operating system takes it back from a process that dies. Sending twice would be harmless, only wasteful.
        """
        if not self._sending.acquire(timeout=max(timeout, 0)):
            yield False
            return
        try:
            if self._folder is None:
                yield True
                return
            # A new object each time: a lock file's object does not survive a fork.
            lock = filelock.FileLock(self._folder / "outbox.lock", timeout=max(timeout, 0), mode=PRIVATE_FILE)
            try:
                lock.acquire()
            except filelock.Timeout:
                yield False
                return
            try:
                yield True
            finally:
                lock.release()
        finally:
            self._sending.release()

    def close(self) -> None:
        """Close the file; the next call opens it again. A queue in memory stays."""
        with self._lock:
            self._close_file()

    def before_fork(self) -> None:
        """Let nobody be inside SQLite, and no file be open, at the moment of a fork: SQLite does not survive it."""
        self._held_for_fork = self._lock.acquire(timeout=5 + BUSY_TIMEOUT)
        if self._held_for_fork:
            self._close_file()

    def after_fork_in_parent(self) -> None:
        """Go on where `before_fork` stopped."""
        if self._held_for_fork:
            self._held_for_fork = False
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Start anew: what was in memory is the parent's to send."""
        if self._connection is not None and not self._held_for_fork:
            # Somebody was inside SQLite. Even closing that connection here could harm the parent's.
            self._abandoned.append(self._connection)
        self._connection = None
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._held_for_fork = False

    def _close_file(self) -> None:
        if self._folder is not None and self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                connection = self._connection = self._connection or open_queue(self._folder)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                self._recover(error)
                raise

    def _recover(self, error: BaseException) -> None:
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        if self._folder is not None and is_damage(error):
            self._close_file()
            set_aside(self._folder)
        elif self._folder is not None and is_lasting(error):
            self._close_file()
            warn(f"The queue of unsent reports in {self._folder} cannot be written ({error}): it goes on in memory.")
            self._folder = None


def _add_count(connection: sqlite3.Connection, tally: str, body: str, count: int) -> None:
    fresh = "tally = ? AND attempted = 0"
    full = connection.execute(f"SELECT count + ? > ? FROM item WHERE {fresh}", (count, MAX_COUNT, tally)).fetchone()  # noqa: S608
    if full is not None and not full[0]:
        connection.execute(f"UPDATE item SET count = count + ? WHERE {fresh}", (count, tally))  # noqa: S608
        return
    if full is not None:
        connection.execute(f"UPDATE item SET attempted = 1 WHERE {fresh}", (tally,))  # noqa: S608
    connection.execute(
        "INSERT INTO item (id, kind, body, tally, count) VALUES (?, 'usage', ?, ?, ?)",
        (str(uuid.uuid4()), body, tally, count),
    )


def _drop_oldest(connection: sqlite3.Connection, number: int) -> int:
    if number <= 0:
        return 0
    oldest = "SELECT sequence FROM item ORDER BY sequence LIMIT ?"
    return connection.execute(f"DELETE FROM item WHERE sequence IN ({oldest})", (number,)).rowcount  # noqa: S608


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _first(rows: Iterable[Row], most_bytes: int) -> list[Row]:
    """The first rows whose bodies are `most_bytes` together, and at least one: no more of them is read."""
    taken: list[Row] = []
    size = 0
    for row in rows:
        size += len(row[1])
        if taken and size > most_bytes:
            break
        taken.append(row)
    return taken


def _portions(total: int) -> Iterator[int]:
    while total > 0:
        yield min(total, MAX_COUNT)
        total -= MAX_COUNT


def _item(item_id: str, body: str, tally: str | None, count: int) -> Item:
    parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    parts["id"] = msgspec.Raw(msgspec.json.encode(item_id))
    if tally is not None:
        parts["count"] = msgspec.Raw(msgspec.json.encode(count))
    return Item(item_id, msgspec.Raw(msgspec.json.encode(parts)))
