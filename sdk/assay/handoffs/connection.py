"""Hold on to an HTTP client: made with the first request, and anew in a forked child."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from assay import forks
from assay.core.errors import AssayError, FieldError
from assay.options import Options

C = TypeVar("C")


class Connection(Generic[C]):
    """The client, whenever there is one. A child that went on with its parent's would read the parent's answers."""

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._made: C | None = None
        self._lock = threading.Lock()
        forks.watch(self)

    def client(self) -> C:
        """Return it; make it where there is none."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def take(self) -> C | None:
        """Return it, to be closed; the next request makes another."""
        with self._lock:
            made, self._made = self._made, None
            return made

    def before_fork(self) -> None:
        """Do nothing."""

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Use none of the parent's connections, and leave them open for the parent."""
        self._lock = threading.Lock()
        self._made = None


def check_options(url: str, key: str, timeout: float, retries: int) -> Options:
    """What a client of handoffs is made with. Raises `invalid_options`."""
    options = Options(url, key, timeout=timeout)
    if type(retries) is not int or retries < 0:
        wrong = FieldError("/retries", "invalid_number", "retries must be a whole number from 0.")
        raise AssayError("invalid_options", "The client cannot be made like this.", status=400, errors=[wrong])
    return options
