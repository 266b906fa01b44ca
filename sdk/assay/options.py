"""Check what a client is made with, before anything is opened."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assay.core.errors import AssayError, FieldError


@dataclass(frozen=True)
class Options:
    """What a client is made with. Times are in seconds; the key shows in no repr."""

    url: str
    key: str = field(repr=False)
    cache_dir: Path | None = None
    refresh_interval: float = 0.75
    send_interval: float = 2.0
    start_timeout: float = 2.0
    timeout: float = 10.0
    max_queue: int = 100_000

    def __post_init__(self) -> None:
        """Raise `invalid_options`, naming each bad one, and never the key itself."""
        errors = [
            *_wrong_url(self.url),
            *_wrong_key(self.key),
            *_wrong_seconds("refresh_interval", self.refresh_interval, 0.05),
            *_wrong_seconds("send_interval", self.send_interval, 0.05),
            *_wrong_seconds("start_timeout", self.start_timeout, 0.0),
            *_wrong_seconds("timeout", self.timeout, 0.05),
        ]
        if type(self.max_queue) is not int or self.max_queue < 1:
            errors.append(FieldError("/max_queue", "invalid_number", "max_queue must be a whole number from 1."))
        if errors:
            raise AssayError("invalid_options", "The Assay client cannot be made like this.", status=400, errors=errors)
        object.__setattr__(self, "url", self.url.rstrip("/"))


def _wrong_url(url: str) -> list[FieldError]:
    detail = "url must be the server's http or https address, without user, password, query or fragment."
    wrong = [FieldError("/url", "invalid_url", detail)]
    if not isinstance(url, str):
        return wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return wrong
    plain = parts.username is None and parts.password is None and not parts.query and not parts.fragment
    good = parts.scheme in ("http", "https") and parts.hostname and plain and port != 0 and url.isprintable()
    return [] if good and " " not in url else wrong


def _wrong_key(key: str) -> list[FieldError]:
    # An illegal character would make the HTTP library quote the whole header in its error, the key in it.
    if isinstance(key, str) and 1 <= len(key) <= 500 and all("!" <= character <= "~" for character in key):
        return []
    return [FieldError("/key", "invalid_key", "key must be an API key: printable ASCII without spaces.")]


def _wrong_seconds(name: str, value: float, least: float) -> list[FieldError]:
    if type(value) in (int, float) and math.isfinite(value) and least <= value <= 86_400:
        return []
    return [FieldError(f"/{name}", "invalid_number", f"{name} must be a number of seconds from {least} to 86400.")]
