"""Speak to the server over HTTP: one request, one answer, and one kind of trouble with its reason."""

import contextlib
import encodings.idna
import gzip
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple, TypedDict

import certifi
import httpcore
import httpx
import msgspec

from assay.core.privacy import is_code

# httpx imports these with its first client or request. A fork in the middle of that leaves their import locked in the
# child for ever, so they are imported here, where the application imports what it needs.
IMPORTED_EARLY = (certifi, encodings.idna, httpcore)

WORTH_PACKING = 8 * 1024
"""Bytes."""
MAX_ANSWER = 256 * 1024 * 1024
"""Bytes, unpacked: no honest bundle is larger, and a broken proxy or a gzip bomb must not eat the caller's memory."""


class Trouble(Exception):
    """A request that brought nothing. The message names no secret.

    `sent` is False only when the server cannot have seen the request. `retry_after` is in seconds.
    """

    def __init__(self, reason: str, *, sent: bool = True, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.retry_after = retry_after


class KeyRefused(Trouble):
    """The server does not accept the key, or the key may not do this (401 or 403)."""


class BatchRefused(Trouble):
    """Assay itself refused a request for what was in it (400 or 422), or somebody for how large it is (413)."""


class Fetched(NamedTuple):
    """A part of the bundle and the ETag it came with."""

    etag: str
    body: bytes


class Problem(msgspec.Struct, frozen=True):
    """What the SDK reads of a problem document."""

    code: str = ""


_ours: ContextVar[bool] = ContextVar("assay_request", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    return not _ours.get()


# httpx logs each request at INFO. A poll every 0.75 s would be 115,000 lines a day in the application's log; the filter
# drops our own requests and leaves the application's alone.
logging.getLogger("httpx").addFilter(_not_ours)


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Requests in this block are the SDK's own: httpx logs none of them."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


class Access(TypedDict):
    """What an HTTP client of httpx's is made with."""

    base_url: str
    verify: ssl.SSLContext | bool
    headers: dict[str, str]


def access_to(url: str, key: str) -> Access:
    """Return what a client needs to speak to a server in the name of a key."""
    return {
        "base_url": f"{url}/api/v1/",
        # Certificates are read for https alone: that takes a tenth of a second, which plain http need not wait.
        "verify": True if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "headers": {"Authorization": f"Bearer {key}", "User-Agent": "assay-sdk-python"},
    }


class Transport:
    """Authenticated requests to one server over kept-alive connections. Safe in threads, and after a fork."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        self._url = url
        self._key = key
        self._timeout = timeout
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def get(self, path: str, etag: str | None) -> Fetched | None:
        """Return what is at `path`, None if it still is what `etag` names. Raises Trouble."""
        status, headers, body = self._send("GET", path, {"If-None-Match": etag} if etag else {}, None, self._timeout)
        return None if status == httpx.codes.NOT_MODIFIED else Fetched(headers.get("etag", ""), body)

    def post(self, path: str, body: bytes, timeout: float, *, packed: bool = False) -> bytes:
        """Return the answer to `body`, a JSON document, within about `timeout` seconds. Raises Trouble.

        `packed` sends it as gzip; not every address takes that.
        """
        headers = {"Content-Type": "application/json"}
        if packed and len(body) > WORTH_PACKING:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        return self._send("POST", path, headers, body, min(timeout, self._timeout))[2]

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def forget_parent(self) -> None:
        """In a forked child: use none of the parent's connections, and leave them open for the parent."""
        self._lock = threading.Lock()
        self._client = None

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(**access_to(self._url, self._key))
            return self._client

    def _send(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None, timeout: float
    ) -> tuple[int, httpx.Headers, bytes]:
        token = _ours.set(True)
        try:
            limits = httpx.Timeout(timeout, connect=min(timeout, 3.0))
            client = self._connected()
            with client.stream(method, path, headers=headers, content=content, timeout=limits) as response:
                body = _read(response, time.monotonic() + timeout * 6)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise Trouble(type(error).__name__, sent=False) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError) as error:
            # RuntimeError: the client was closed by another thread while this one was about to use it.
            raise Trouble(type(error).__name__) from None
        finally:
            _ours.reset(token)
        if response.status_code not in (httpx.codes.OK, httpx.codes.ACCEPTED, httpx.codes.NOT_MODIFIED):
            raise _trouble(response, body)
        return response.status_code, response.headers, body


def _read(response: httpx.Response, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > MAX_ANSWER:
            raise httpx.DecodingError("the answer is too large")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer took too long")
        pieces.append(piece)
    return b"".join(pieces)


def _trouble(response: httpx.Response, body: bytes) -> Trouble:
    status = response.status_code
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    code = _code(body) if is_problem else ""
    reason = f"HTTP {status} {code}".rstrip()
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return KeyRefused(reason)
    # 413 from whatever is on the way as well: it will never let this pass, and all else would wait behind it for ever.
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE or (is_problem and status in (400, 422)):
        return BatchRefused(reason)
    return Trouble(reason, retry_after=_seconds(response.headers.get("retry-after", "")))


def _code(body: bytes) -> str:
    try:
        code = msgspec.json.decode(body, type=Problem).code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return code if is_code(code) else ""  # it is shown to a person, whatever put it there


def _seconds(text: str) -> float | None:
    return min(float(text), 300.0) if text.isascii() and text.isdigit() else None
