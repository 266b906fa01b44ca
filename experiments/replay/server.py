"""This file lets you ask a running server, over one connection, with a key."""

import http.client
from urllib.parse import SplitResult, urlsplit

from assay.core.errors import AssayError

TIMEOUT = 30.0


class Server:
    """Paths are below /api/v1. Raises AssayError 503 `server_gone`, 502 `server_refuses`, 422 `invalid_url`."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self.path = f"{parts.path.rstrip('/')}/api/v1"
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.connection = _connect(parts)

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the answer, which is 200."""
        try:
            self.connection.request(method, self.path + path, body, self.headers)
            response = self.connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise AssayError("server_gone", f"The server does not answer: {error}.", status=503) from None
        if response.status != 200:
            told = answer.decode("utf-8", "replace")[:500]
            hint = " Does it serve this very database?" if response.status == 401 else ""
            raise AssayError("server_refuses", f"The server says {response.status}: {told}{hint}", status=502)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AssayError("invalid_url", "The server's address begins with http:// or https://.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=TIMEOUT)
