"""Assay: choose, fill and learn from prompts in your own process, with the server up or down."""

from assay.async_client import AsyncAssay
from assay.client import Assay
from assay.core.bundle import Message
from assay.core.errors import AssayError, FieldError
from assay.core.resolve import Resolution
from assay.fallback import AssayUnavailable
from assay.notices import AssayWarning

__all__ = [
    "Assay",
    "AssayError",
    "AssayUnavailable",
    "AssayWarning",
    "AsyncAssay",
    "FieldError",
    "Message",
    "Resolution",
]
