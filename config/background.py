"""This file lets you have small things done every few seconds by a web process itself, outside of any request."""

import atexit
import logging
import os
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0

_works: list[Callable[[], None]] = []
_started_in: int | None = None
_starting = threading.Lock()


def regularly(work: Callable[[], None]) -> None:
    """Have `work` done every five seconds from now on, and once when the process ends. Call it at import."""
    _works.append(work)


def wake() -> None:
    """See that this process has its thread; cheap, to be called with each thing that is left for later."""
    global _started_in  # noqa: PLW0603
    if _started_in == os.getpid():
        return
    with _starting:
        if _started_in == os.getpid():
            return
        # A fork takes no threads along: the child starts its own.
        _started_in = os.getpid()
        threading.Thread(target=_run, name="assay-background", daemon=True).start()
        atexit.register(_finish)


def do_all() -> None:
    """Do everything now; raises nothing."""
    for work in _works:
        try:
            work()
        except DatabaseError as error:
            # What was not written is still held by the work itself, for the next time.
            logger.warning("left for later, the database does not take it: %s", type(error).__name__)
        except Exception:
            # One that fails is no reason to leave the others undone, nor itself the next time.
            logger.exception("%s failed", work.__qualname__)


def _run() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_SECONDS):
        close_old_connections()
        do_all()
        connection.close()


def _finish() -> None:
    if _started_in == os.getpid():
        do_all()
