"""Write what calls left in memory to disk, in a thread of its own, however long the server keeps the other waiting."""

import threading
from collections.abc import Callable

GATHERED_FOR = 0.05
RETRIED_AFTER = 1.0


class Saver:
    """Calls `save` soon after each `wake`, once for all that came meanwhile, and again where it returns False.

    Its thread starts with the first `wake`; what it was not given the time for is saved by who calls `stop`.
    """

    def __init__(self, save: Callable[[], bool]) -> None:
        self._save = save
        self._due = threading.Event()
        self._stop = threading.Event()
        self._lifecycle = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have it save. It costs the caller a microsecond; it raises nothing."""
        if not self._due.is_set():
            self._due.set()
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start()

    def stop(self) -> None:
        """End the thread. The next `wake` starts another."""
        with self._lifecycle:
            self._thread = None
            self._stop.set()
            self._due.set()

    def _start(self) -> None:
        with self._lifecycle:
            if self._thread is not None and self._thread.is_alive():
                return
            self._stop = threading.Event()
            thread = threading.Thread(target=self._run, args=(self._stop,), name="assay-saver", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return  # the interpreter is on its way out, and saves then
            self._thread = thread

    def _run(self, stop: threading.Event) -> None:
        pause = GATHERED_FOR
        while self._due.wait() and not stop.wait(pause):
            self._due.clear()
            saved = self._save()
            pause = GATHERED_FOR if saved else RETRIED_AFTER
            if not saved:
                self._due.set()
