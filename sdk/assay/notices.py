"""Tell the developer what the SDK could not do, without ever raising into the caller."""

import logging
import warnings
from typing import Final

logger: Final = logging.getLogger("assay")


class AssayWarning(UserWarning):
    """Something the SDK works around but a person should know: a damaged file, a refused key, a dropped report."""


def warn(message: str) -> None:
    """Log `message` and issue it as an `AssayWarning`; never raises, even where warnings are turned into errors."""
    logger.warning(message)
    try:
        warnings.warn(message, AssayWarning, stacklevel=3)
    except AssayWarning:
        # `-W error` must not turn bookkeeping into an exception of the caller's; the log has it already.
        return


class Notices:
    """What a client has said already: each trouble is told once, until it is over."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def warn(self, trouble: str, message: str) -> None:
        """Warn, as something that a person should look at."""
        if trouble not in self._told:
            self._told.add(trouble)
            warn(message)

    def log(self, trouble: str, message: str) -> None:
        """Log, as something that may pass by itself."""
        if trouble not in self._told:
            self._told.add(trouble)
            logger.warning(message)

    def over(self, *troubles: str) -> bool:
        """Forget these troubles; return whether there was one of them."""
        there = not self._told.isdisjoint(troubles)
        self._told.difference_update(troubles)
        return there
