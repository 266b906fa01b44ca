"""Name an exception by its class alone: its message may hold anything."""

from assay.core.privacy import is_code

LONGEST_NAME = 64


def error_code(error: BaseException) -> str:
    """Return the name of the error's class, or of the nearest class above it whose name is a code."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next(name for name in names if is_code(name) and len(name) <= LONGEST_NAME)
