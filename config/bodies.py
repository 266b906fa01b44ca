"""Read the body of a request that may be compressed, never past what it may hold."""

import zlib

from assay.core.errors import AssayError
from django.conf import settings
from django.http import HttpRequest

TOO_LARGE = "A body may hold {} bytes at most."
# gzip's own frame (RFC 1952), with the largest window.
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 1 << 16


def most_bytes(path: str) -> int:
    """How many bytes a body sent to this path may hold, after decompression."""
    large = path.startswith(settings.LARGE_BODIES)
    most: int = settings.MAX_LARGE_BODY_BYTES if large else settings.MAX_BODY_BYTES
    return most


def too_large(most: int) -> AssayError:
    return AssayError("body_too_large", TOO_LARGE.format(most), status=413)


def body_of(request: HttpRequest) -> bytes:
    """The whole body, decompressed where it is gzip; it is read once, past what Django would read.

    Raises AssayError: 413 `body_too_large` (before and after decompression), 400 `invalid_gzip` for what is damaged or
    breaks off, 415 `unsupported_encoding`.
    """
    most = most_bytes(request.path_info)
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise AssayError("unsupported_encoding", "Send the body as it is, or as gzip.", status=415)
    body = request.read(most + 1)
    if len(body) > most:
        raise too_large(most)
    return _unzip(body, most) if encoding in ("gzip", "x-gzip") else body


def _unzip(body: bytes, most: int) -> bytes:
    """What gzip holds, all of its members (RFC 1952, 2.2), `most` bytes of it at most."""
    pieces: list[bytes] = []
    held = 0
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            while not member.eof:
                piece = member.decompress(body, min(_PIECE, most + 1 - held))
                body = member.unconsumed_tail
                if not (piece or body or member.eof):
                    raise AssayError("invalid_gzip", "The compressed body breaks off.", status=400)
                held += len(piece)
                if held > most:
                    raise too_large(most)
                pieces.append(piece)
            body = member.unused_data
    except zlib.error:
        raise AssayError("invalid_gzip", "The body is no valid gzip.", status=400) from None
    if not pieces:
        raise AssayError("invalid_gzip", "The compressed body breaks off.", status=400)
    return b"".join(pieces)
