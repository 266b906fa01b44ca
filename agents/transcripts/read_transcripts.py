"""Read a file of transcripts, one after the other."""

import gzip
import zlib
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import IO, Any

from assay.core.errors import AssayError

# What is read at a time, and what one transcript may take, in characters.
PIECE = 1 << 20
LONGEST = 1 << 24
_GZIP = b"\x1f\x8b"
_BETWEEN = " \t\r\n,[]"
_decoder = JSONDecoder()


def read_transcripts(path: Path) -> Iterator[Any]:
    """Each member of the JSON list in a file, or each line of it, gzip or not; never more than a few in memory.

    Raises AssayError: `unreadable_file`, `invalid_gzip`, `invalid_json`, `too_large`.
    """
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
        with gzip.open(path, "rt", encoding="utf-8") if is_packed else path.open(encoding="utf-8") as text:
            yield from _members(text)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise AssayError("invalid_gzip", "The file is no whole gzip.") from None
    except UnicodeDecodeError:
        raise AssayError("invalid_json", "The file is no text in UTF-8.") from None
    except OSError as error:
        raise AssayError("unreadable_file", f"The file cannot be read: {error.strerror}.") from None


def _members(text: IO[str]) -> Iterator[Any]:
    held = ""
    while True:
        held = held.lstrip(_BETWEEN)
        if held:
            try:
                value, end = _decoder.raw_decode(held)
            except JSONDecodeError:
                value, end = None, 0
            except (RecursionError, ValueError):
                # A number of thousands of digits is an error of another kind than what is no JSON.
                raise AssayError(
                    "invalid_json", "A transcript is nested too deeply, or has an endless number."
                ) from None
            # A number or a word may go on in the next piece: nothing but an object is a transcript anyway.
            if end and (end < len(held) or isinstance(value, dict)):
                held = held[end:]
                yield value
                continue
            if len(held) > LONGEST:
                raise AssayError("too_large", f"A transcript may hold {LONGEST} characters at most.")
        piece = text.read(max(PIECE, len(held)))
        if not piece:
            break
        held += piece
    if held:
        raise AssayError("invalid_json", "The file is no whole JSON.")
