"""What the core raises: one exception, with a stable code and a JSON pointer for each bad field."""

from collections.abc import Sequence
from typing import Any

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One bad field: `pointer` (RFC 6901, from the root of the request), a stable `code`, a sentence."""

    pointer: str
    code: str
    detail: str


class AssayError(Exception):
    """Something that the caller can put right.

    `code` is stable and fit for programs, `detail` is a sentence for people, `status` the HTTP status it becomes,
    `errors` the bad fields, `extra` further members of the problem document (RFC 9457).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 422,
        errors: Sequence[FieldError] = (),
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.errors = tuple(errors)
        self.extra = extra or {}

    def __str__(self) -> str:
        fields = "".join(f"\n  {error.pointer}: {error.detail}" for error in self.errors)
        return f"{self.code}: {self.detail}{fields}"


class BundleError(AssayError):
    """A bundle that cannot be used: damaged, of another format, or at odds with itself."""


def pointer_of(path: Sequence[object]) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def single(code: str, pointer: str, detail: str, *, status: int = 422) -> AssayError:
    """The error of exactly one bad field."""
    return AssayError(code, detail, status=status, errors=[FieldError(pointer, code, detail)])
