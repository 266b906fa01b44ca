"""What telemetry may hold: codes and numbers, never content."""

import re

from assay.core.errors import FieldError

CODE = re.compile(r"[A-Za-z0-9._:/@+-]{1,100}\Z")


def is_code(text: object) -> bool:
    """Whether this is a code: 1 to 100 of ASCII letters, digits and `. _ : / @ + -`, no spaces."""
    return isinstance(text, str) and CODE.match(text) is not None


def not_a_code(name: str) -> FieldError:
    """What is said of a field that is no code. It does not repeat what was sent: that may be what must not be told."""
    return FieldError(
        f"/{name}",
        "not_a_code",
        f"{name} is a code: 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces.",
    )
