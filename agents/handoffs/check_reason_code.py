"""This file lets you check the code of a reason."""

from assay.core.errors import AssayError
from assay.core.privacy import is_code, not_a_code


def check_reason_code(reason_code: str) -> None:
    """Empty is none. Raises AssayError 422 `invalid` with a pointer to what is no code."""
    if reason_code and not is_code(reason_code):
        error = not_a_code("reason_code")
        raise AssayError("invalid", error.detail, status=422, errors=[error])
