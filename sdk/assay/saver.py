"""Write what calls left in memory to disk, in a thread of its own, however long the server keeps the other waiting."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

GATHERED_FOR = 0.05
RETRIED_AFTER = 1.0


class Saver:
    """Calls `save` soon after each `wake`, once for all that came meanwhile, and again where it returns False.

    Its thread starts with the first `wake`; what it was not given the time for is saved by who calls `stop`.
    """

    def __init__(self, save: Callable[[], bool]) -> None:
        self._save = save
        self._woken = False
        # A `wake` may come in the middle of another, or of this thread's own work: from a generator that is collected,
        # or a signal. Such a queue minds that as little as the lock; an Event would wait for itself.
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._lifecycle = threading.RLock()
        self._starting = False
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have it save. It costs the caller less than a microsecond; it raises nothing."""
        if not self._woken:
            self._woken = True
            self._wakes.put(True)
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start()

    def stop(self) -> None:
        """End the thread. The next `wake` starts another."""
        with self._lifecycle:
            self._thread = None
            self._wakes.put(False)

    def _start(self) -> None:
        with self._lifecycle:
            if self._starting or (self._thread is not None and self._thread.is_alive()):
                return
            self._starting = True
            # Its own queue: one that is ending shall not take what is meant for this one.
            self._wakes = SimpleQueue()
            self._wakes.put(True)
            self._woken = True
            thread = threading.Thread(target=self._run, args=(self._wakes,), name="assay-saver", daemon=True)
            try:
                thread.start()
                self._thread = thread
            except RuntimeError:
                return  # the interpreter is on its way out, and saves then
            finally:
                self._starting = False

    def _run(self, wakes: "SimpleQueue[bool]") -> None:
        while wakes.get():
            time.sleep(GATHERED_FOR)
            self._woken = False
            if not self._save():
                time.sleep(RETRIED_AFTER)
                wakes.put(True)
