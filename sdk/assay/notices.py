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
