"""Gather what the server should hear, and write it to the outbox: uses now and then, runs soon, all else at once."""

import sqlite3
import threading
import uuid
from collections import Counter, deque
from typing import Protocol

from assay.notices import Notices
from assay.outbox import Entry, Kind, Outbox, Version

MAX_UNCOUNTED = 50_000
MAX_UNSAVED = 10_000
MAX_ROWS_LATER = 200_000
# Made into JSON in one go, which keeps other threads from running: a millisecond or two.
SAVED_TOGETHER = 50
TRIMMED_AFTER = 1000


class Later(Protocol):
    """A run, as something that becomes JSON later, where nobody waits for it.

    `replaces` is the id of what it takes the place of; `rows` is how much of it there is, about.
    """

    @property
    def id(self) -> str:
        """Its id in the queue."""

    @property
    def replaces(self) -> str | None:
        """The id of what goes when this comes."""

    @property
    def rows(self) -> int:
        """How much of it there is, about."""

    def body(self) -> bytes | None:
        """Return its JSON, None if there can be none. Raises nothing."""


class Spool:
    """What this process has not written yet. It raises nothing: what cannot be written waits in memory."""

    def __init__(self, outbox: Outbox, notices: Notices) -> None:
        self._outbox = outbox
        self._notices = notices
        self._served: deque[Version] = deque()
        self._counts: Counter[Version] = Counter()
        self._unsaved: deque[tuple[Kind, str, bytes]] = deque(maxlen=MAX_UNSAVED)
        self._later: deque[Later] = deque()
        self._rows_later = 0
        self._entries: list[Entry] = []
        self._untrimmed = 0
        self._arriving = threading.RLock()
        self._counting = threading.Lock()
        self._saving = threading.Lock()

    def count(self, version: Version) -> None:
        """Count one use. It is on the path of every resolution: an append is atomic, a count would need a lock."""
        self._served.append(version)
        if len(self._served) > MAX_UNCOUNTED:  # nobody has come to save for a while: the server is slow
            self._add_up()

    def put(self, kind: Kind, body: bytes) -> None:
        """Write one item; it is on disk when this returns, unless the disk refuses it."""
        item_id = str(uuid.uuid4())
        try:
            self._outbox.add(kind, item_id, body)
        except (sqlite3.Error, OSError) as error:
            self._unsaved.append((kind, item_id, body))
            self._wait(error)

    def put_later(self, run: Later) -> bool:
        """Keep a run until `save`; return whether there was room for it."""
        with self._arriving:
            if self._rows_later > MAX_ROWS_LATER:
                return False
            self._later.append(run)
            self._rows_later += run.rows
        return True

    def save(self) -> bool:
        """Write all that is in memory; return whether that was possible."""
        self._add_up()
        with self._saving:
            try:
                while self._unsaved:
                    self._outbox.add(*self._unsaved[0])
                    self._unsaved.popleft()
                self._save_counts()
                self._save_runs()
            except (sqlite3.Error, OSError) as error:
                self._wait(error)
                return False
        self._notices.over("queue")
        return True

    def _save_counts(self) -> None:
        with self._counting:
            counts, self._counts = self._counts, Counter()
        try:
            if counts:
                self._outbox.count_usage(counts)
        except (sqlite3.Error, OSError):
            with self._counting:
                self._counts.update(counts)
            raise

    def _save_runs(self) -> None:
        while self._entries or self._later:
            if not self._entries:
                self._encode()
            self._outbox.add_all("runs", self._entries)
            self._untrimmed += len(self._entries)
            self._entries = []
            # Where they come fast, the queue would outgrow its bounds before the next attempt to send.
            if self._untrimmed >= TRIMMED_AFTER:
                self._untrimmed = 0
                self._outbox.trim()

    def _encode(self) -> None:
        while self._later and len(self._entries) < SAVED_TOGETHER:
            with self._arriving:
                run = self._later.popleft()
                self._rows_later -= run.rows
            body = run.body()
            if body is not None:
                self._entries.append(Entry(run.id, body, run.replaces))

    def _add_up(self) -> None:
        with self._counting:
            for _ in range(len(self._served)):
                self._counts[self._served.popleft()] += 1

    def _wait(self, error: Exception) -> None:
        self._notices.warn("queue", f"Assay's queue cannot be written now ({error}); what is new waits in memory.")
