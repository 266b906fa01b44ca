"""Run what both clients share: the bundle in memory, the thread that keeps it fresh, and the way out for reports."""

import multiprocessing.util
import sqlite3
import threading
import time
import weakref
from collections import deque
from dataclasses import replace

import msgspec

from assay import forks
from assay.core.bundle import Bundle
from assay.core.errors import AssayError, BundleError
from assay.core.resolve import Request, Resolution, resolve
from assay.fallback import AssayUnavailable, Fallback, fall_back
from assay.folder import open_folder
from assay.meetings import Meetings
from assay.notices import Notices, logger
from assay.observe import Outcome
from assay.options import Options
from assay.outbox import Kind, Outbox
from assay.pace import Pace
from assay.refresh import Held, load, refresh
from assay.saver import Saver
from assay.send import send
from assay.spool import Later, Spool
from assay.transport import KeyRefused, Transport, Trouble

SLOWEST_REFRESH = 10.0
SLOWEST_SEND = 60.0
REFUSED_PAUSE = 30.0
EXIT_TIMEOUT = 2.0
RESTART_PAUSE = 1.0
FORK_PATIENCE = 0.3
MOST_UNPLACED = 10_000


class Engine:
    """One client's machinery. It starts when made, and again with the next use: in a forked child, after `close`, or
    should its thread ever die. One that only reports keeps no bundle: its key need not be good for one.

    `live` is the bundle while the thread looks after it; where it is None, ask `current`.
    """

    def __init__(self, options: Options, *, keeps_bundle: bool = True) -> None:
        self.options = options
        self._keeps_bundle = keeps_bundle
        self.live: Bundle | None = None
        self._held = Held()
        self._folder = open_folder(options.cache_dir, options.url, options.key)
        self._outbox = Outbox(self._folder, options.max_queue)
        self._transport = Transport(options.url, options.key, options.timeout)
        self._server = f"Assay at {options.url}"
        self.meetings = Meetings()
        self._loaded = False
        self._trouble = "no answer yet"
        self._notices = Notices()
        self._start_anew()
        forks.watch(self)
        self._ensure_running()

    def _start_anew(self) -> None:
        """Set what no other process or earlier life may share."""
        self.live = None
        self._spool = Spool(self._outbox, self._notices)
        self._saver = Saver(self._spool.save)
        self._unplaced: deque[Outcome] = deque(maxlen=MOST_UNPLACED)
        self._ticking = threading.Lock()
        self._ticking_held = False
        # A generator may be collected, or a signal come, in the middle of a start, and have something to report.
        self._lifecycle = threading.RLock()
        self._starting = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._wait_until = 0.0
        self._rest_until = 0.0
        self._refresh_pace = Pace(self.options.refresh_interval, SLOWEST_REFRESH)
        self._send_pace = Pace(self.options.send_interval, SLOWEST_SEND, first=self.options.send_interval)

    def current(self) -> Bundle | None:
        """Return the bundle; while there is none yet, wait for it until `start_timeout` after the start."""
        self._ensure_running()
        if self._held.bundle is None:
            self._settled.wait(max(self._wait_until - time.monotonic(), 0))
        self._go_live(self._stop)
        return self._held.bundle

    def answer(self, bundle: Bundle | None, request: Request, fallback: Fallback | None) -> Resolution:
        """Resolve and count the use, or fall back. Raises AssayError."""
        if bundle is None:
            return fall_back(fallback, request, self._unavailable())
        try:
            resolution = resolve(bundle, request)
        except AssayError as error:
            return fall_back(fallback, request, error)
        self._spool.count((resolution.prompt.id, resolution.version.id))
        return resolution

    def queue(self, kind: Kind, body: bytes) -> None:
        """Put an item in the outbox; it is on disk when this returns. Raises nothing."""
        self._ensure_running()
        self._spool.put(kind, body)

    def queue_later(self, run: Later) -> bool:
        """Put a run in the outbox soon, on another thread; return whether there was room for it. Raises nothing."""
        self._ensure_running()
        taken = self._spool.put_later(run)
        self._saver.wake()
        return taken

    def queue_outcome(self, outcome: Outcome) -> None:
        """Put an outcome in the outbox. Before there ever was a bundle that of a unit by name waits in memory: whose
        unit it is cannot be told yet. Raises nothing."""
        bundle = self._held.bundle
        if outcome.unit is not None and bundle is None:
            self._ensure_running()
            self._unplaced.append(outcome)
        else:
            project_id = bundle.content.project.id if bundle is not None else ""
            self.queue("outcomes", msgspec.json.encode(outcome.of(project_id)))

    def flush(self, timeout: float) -> bool:
        """Send all that is queued, in one go, within `timeout` seconds; return whether it all went. Raises nothing."""
        deadline = time.monotonic() + timeout
        saved = self._spool.save() and not self._unplaced
        try:
            return send(self._outbox, self._transport, deadline=deadline) and saved
        except (Trouble, sqlite3.Error, OSError) as error:
            logger.info("What is queued for Assay could not be sent now: %s", error)
            return False

    def close(self, timeout: float) -> bool:
        """Flush, stop the thread, close all; return whether all was sent. A later call starts it again."""
        deadline = time.monotonic() + timeout
        sent = self.flush(timeout)
        self._saver.stop()
        with self._lifecycle:
            thread, self._thread = self._thread, None
            self._stop.set()
            self.live = None
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(deadline - time.monotonic(), 0.1))
        self._transport.close()
        try:
            self._outbox.close()
        except sqlite3.Error as error:
            logger.warning("Assay's queue could not be closed: %s", error)
        return sent

    def before_fork(self) -> None:
        """Let the thread finish what it does, if that is soon, and nobody be inside SQLite when the process forks.

        Waiting is a courtesy: what the thread may hold in an HTTP or TLS library at that moment would never be let go
        in the child. A slow server does not hold up a fork for longer.
        """
        self._ticking_held = self._ticking.acquire(timeout=FORK_PATIENCE)
        self._outbox.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._outbox.after_fork_in_parent()
        if self._ticking_held:
            self._ticking.release()

    def after_fork_in_child(self) -> None:
        """Keep the bundle; all else is the parent's. The thread starts with the first use."""
        self._outbox.after_fork_in_child()
        self._transport.forget_parent()
        self._start_anew()

    def _ensure_running(self) -> None:
        with self._lifecycle:
            alive = self._thread is not None and self._thread.is_alive()
            if alive or self._starting or time.monotonic() < self._rest_until:
                return
            self._starting = True
            self._stop = threading.Event()
            self._settled = threading.Event()
            self._wait_until = time.monotonic() + self.options.start_timeout
            thread = threading.Thread(target=self._run, args=(self._stop, self._settled), name="assay", daemon=True)
            try:
                thread.start()
                self._thread = thread
            except RuntimeError:  # the interpreter is on its way out, or the system has no thread to give
                self._settled.set()
                self._stop.set()
                self._rest_until = time.monotonic() + RESTART_PAUSE
                return
            finally:
                self._starting = False
            # Not atexit: a child of multiprocessing leaves without it, but runs these.
            multiprocessing.util.Finalize(self, _close_at_exit, args=(weakref.ref(self),), exitpriority=0)

    def _go_live(self, stop: threading.Event) -> None:
        # Under the lock that `close` holds: a thread that is being stopped must not put back what `close` took away.
        with self._lifecycle:
            if not stop.is_set():
                self.live = self._held.bundle

    def _run(self, stop: threading.Event, settled: threading.Event) -> None:
        try:
            while not stop.is_set():
                with self._ticking:
                    self._tick(stop, settled)
                due_at = self._send_pace.due_at
                if self._keeps_bundle:
                    due_at = min(self._refresh_pace.due_at, due_at)
                stop.wait(min(max(due_at - time.monotonic(), 0.01), 1.0))
        finally:
            # Where this was not asked for, the next use starts another thread, not at once: it might die as well.
            with self._lifecycle:
                if not stop.is_set():
                    stop.set()
                    self._rest_until = time.monotonic() + RESTART_PAUSE
                    self.live = None
                    settled.set()

    def _tick(self, stop: threading.Event, settled: threading.Event) -> None:
        if self._keeps_bundle and not self._loaded and self._folder is not None:
            self._loaded = True
            self._hold(load(self._folder), stop, settled)
        if self._keeps_bundle and time.monotonic() >= self._refresh_pace.due_at:
            self._refresh(stop, settled)
        self._spool.save()
        if time.monotonic() >= self._send_pace.due_at and not stop.is_set():
            self._send()

    def _refresh(self, stop: threading.Event, settled: threading.Event) -> None:
        try:
            self._hold(refresh(self._held, self._transport, self._folder), stop, settled)
        except KeyRefused as refused:
            self._held = replace(self._held, confirmed=False)
            self._refresh_pace.failed(REFUSED_PAUSE)
            self._trouble = f"the key was refused, {refused}"
            self._notices.warn("key", f"{self._server} refuses the key ({refused}); {self._what_serves()}.")
            settled.set()
        except (Trouble, BundleError) as error:
            self._held = replace(self._held, confirmed=False)
            self._refresh_pace.failed(error.retry_after if isinstance(error, Trouble) else None)
            self._trouble = str(error)
            if not stop.is_set():
                self._notices.log("outage", f"{self._server} gives no bundle ({error}); {self._what_serves()}.")
        else:
            self._refresh_pace.succeeded()
            if self._notices.over("outage", "key"):
                logger.info("%s answers again.", self._server)

    def _hold(self, held: Held, stop: threading.Event, settled: threading.Event) -> None:
        self._held = held
        if held.bundle is not None:
            self._go_live(stop)
            settled.set()
            while self._unplaced:
                self.queue_outcome(self._unplaced.popleft())

    def _send(self) -> None:
        try:
            self._outbox.trim()
            send(self._outbox, self._transport, deadline=time.monotonic() + self.options.timeout)
        except (Trouble, sqlite3.Error, OSError) as error:
            self._send_pace.failed(error.retry_after if isinstance(error, Trouble) else None)
            self._notices.log("sending", f"What is queued for Assay cannot be sent ({error}); it stays queued.")
        else:
            self._send_pace.succeeded()
            self._notices.over("sending")

    def _what_serves(self) -> str:
        bundle = self._held.bundle
        return f"revision {bundle.revision} goes on serving" if bundle is not None else "there is none to serve yet"

    def _unavailable(self) -> AssayUnavailable:
        return AssayUnavailable(
            f"{self._server} gave no bundle ({self._trouble}), and none is kept on disk."
            " Pass a fallback to go on without."
        )


def _close_at_exit(reference: "weakref.ref[Engine]") -> None:
    engine = reference()
    if engine is not None:
        engine.close(EXIT_TIMEOUT)
