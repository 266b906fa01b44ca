"""Assay: choose, fill and learn from prompts, and trace agents, in your own process, with the server up or down."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.async_client import AsyncAssay
    from assay.client import Assay
    from assay.core.errors import AssayError, FieldError
    from assay.core.resolve import Resolution
    from assay.core.shapes import Message
    from assay.fallback import AssayUnavailable
    from assay.notices import AssayWarning
    from assay.tracing import AgentTracer

__all__ = [
    "AgentTracer",
    "Assay",
    "AssayError",
    "AssayUnavailable",
    "AssayWarning",
    "AsyncAssay",
    "FieldError",
    "Message",
    "Resolution",
]

_HOMES = {
    "AgentTracer": "assay.tracing",
    "Assay": "assay.client",
    "AssayError": "assay.core.errors",
    "AssayUnavailable": "assay.fallback",
    "AssayWarning": "assay.notices",
    "AsyncAssay": "assay.async_client",
    "FieldError": "assay.core.errors",
    "Message": "assay.core.shapes",
    "Resolution": "assay.core.resolve",
}


def __getattr__(name: str) -> Any:
    # The server has the core from this package and no use for the client: it does not load an HTTP library for it.
    if name not in _HOMES:
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found
