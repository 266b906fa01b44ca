"""Answer with what the caller brought along, when Assay has nothing to serve."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from assay.core.errors import AssayError, single
from assay.core.resolve import PromptSummary, Request, Resolution, VersionSummary
from assay.core.shapes import Message
from assay.notices import logger

Text = str | Sequence[Message | dict[str, str]]
Fallback = Text | Callable[[dict[str, Any]], Text]
"""A finished text, or a chat's finished messages; or a function that makes either from the variables."""

COVERED: Final = frozenset({"unavailable", "no_prompt", "unknown_label"})
"""The errors a fallback stands in for: the vault's, never a mistake in the call, which would stay hidden."""


class AssayUnavailable(AssayError):
    """There is no bundle: the server cannot be reached, nothing is kept on disk, and no fallback was given."""

    def __init__(self, detail: str) -> None:
        super().__init__("unavailable", detail, status=503)

    def __reduce__(self) -> tuple[type["AssayUnavailable"], tuple[str]]:
        """Survive the way from one process to another."""
        return type(self), (self.detail,)


def fall_back(fallback: Fallback | None, request: Request, error: AssayError) -> Resolution:
    """Return the fallback as a resolution of tier `fallback` without ids, used as it is; raise `error` if it is None.

    Raises `invalid_fallback` when it is neither a text nor messages.
    """
    if fallback is None or error.code not in COVERED:
        raise error
    logger.warning("The fallback was used: %s", error.detail)
    content = fallback(dict(request.variables)) if callable(fallback) else fallback
    return Resolution(
        resolution_id="",
        prompt=PromptSummary("", request.prompt or "", "", 0.0),
        version=VersionSummary("", ""),
        tier="fallback",
        language=request.language or "",
        language_fallback=False,
        text=content if isinstance(content, str) else None,
        messages=None if isinstance(content, str) else _messages(content),
        model_settings={},
        experiment=None,
        revision="",
    )


def _messages(content: object) -> list[Message]:
    try:
        return msgspec.convert(content, list[Message])
    except msgspec.ValidationError:
        detail = "A fallback is a text, or messages with a role (system, user or assistant) and a content."
        raise single("invalid_fallback", "/fallback", detail) from None
