"""A client's brand file: how they speak, what to do and what not."""

from typing import Any

from assay.core.errors import FieldError


def check_brand(brand: object) -> list[FieldError]:
    """What is wrong with a brand file; an empty list when nothing is. Pointers start at the file's own root."""
    return []


def is_empty(brand: dict[str, Any] | None) -> bool:
    """Whether a brand file says nothing."""
    return not brand
