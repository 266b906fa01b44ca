"""Open the file of the outbox: private, journalled, and set aside when it is damaged."""

import contextlib
import os
import sqlite3
from pathlib import Path

from assay.folder import PRIVATE_FILE
from assay.notices import warn

BUSY_TIMEOUT = 2.0
"""Seconds to wait for another process that is writing."""

# `attempted`: the server may have taken this row, so its id and its count must stay what they were.
# `tally`: what is merely counted, and so may be added up while it was not attempted.
SCHEMA = """
CREATE TABLE IF NOT EXISTS item (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    tally TEXT,
    count INTEGER NOT NULL DEFAULT 1,
    attempted INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS item_fresh_tally ON item (tally) WHERE tally IS NOT NULL AND attempted = 0;
"""


def open_queue(folder: Path | None) -> sqlite3.Connection:
    """Return a connection to the folder's queue, or to one in memory; a damaged file is set aside with a warning."""
    if folder is None:
        return _prepared(":memory:")
    try:
        return _opened(folder / "outbox.db")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise  # locked, or the disk is full: it may pass
        set_aside(folder)
        return _opened(folder / "outbox.db")


def _opened(path: Path) -> sqlite3.Connection:
    # SQLite gives its journal files the mode of the database file, so that must be private from the start. One that is
    # there already must not even be opened here: to close it again would take this process's locks off it (POSIX).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    return _prepared(str(path))


def is_damage(error: BaseException) -> bool:
    """Return whether the file is no database, or no longer one."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_lasting(error: BaseException) -> bool:
    """Return whether the disk refuses the file for good: full, read-only, gone. A lock that is held passes."""
    if isinstance(error, OSError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    full_or_closed = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return isinstance(code, int) and code & 0xFF in full_or_closed


def set_aside(folder: Path) -> None:
    """Keep a damaged file under another name, out of the way."""
    warn(f"The queue of unsent reports in {folder} is damaged: it is set aside as outbox.db.damaged.")
    with contextlib.suppress(FileNotFoundError):
        (folder / "outbox.db").replace(folder / "outbox.db.damaged")
    for journal in ("outbox.db-wal", "outbox.db-shm"):
        (folder / journal).unlink(missing_ok=True)


def _prepared(database: str) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode, NORMAL loses nothing to SIGKILL, and waits for no disk on each commit.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
