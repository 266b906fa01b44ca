"""Keep the last good bundle on disk, so that a process can start while the server is dead.

A part's file is two lines and a body: `assay-cache/1 <SHA-256 of all that follows>`, the server's ETag, and the part's
JSON as the server sent it.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal, NamedTuple

from assay.folder import PRIVATE_FILE

Part = Literal["content", "scores"]
MAGIC = b"assay-cache/1 "


class Stored(NamedTuple):
    """One part of a bundle as the server sent it, with the ETag to ask for the next."""

    etag: str
    body: bytes


class DamagedFile(Exception):
    """A cache file whose checksum does not hold."""


def load(folder: Path, part: Part) -> Stored | None:
    """Return what is kept, None if nothing is. Raises DamagedFile, or OSError when the file cannot be read."""
    try:
        kept = _path(folder, part).read_bytes()
    except FileNotFoundError:
        return None
    header, _, sealed = kept.partition(b"\n")
    if header != MAGIC + hashlib.sha256(sealed).hexdigest().encode():
        raise DamagedFile(part)
    etag, _, body = sealed.partition(b"\n")
    return Stored(etag.decode("latin-1"), body)


def store(folder: Path, part: Part, stored: Stored) -> None:
    """Replace what is kept, atomically: a reader sees the old file or the new one. Raises OSError."""
    sealed = stored.etag.encode("latin-1", "replace") + b"\n" + stored.body
    header = MAGIC + hashlib.sha256(sealed).hexdigest().encode() + b"\n"
    target = _path(folder, part)
    if _is_kept(folder, part, stored):
        return  # another process of the same application was first
    draft = folder / f"{part}.{os.getpid()}.draft"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(draft, flags, PRIVATE_FILE), "wb") as file:
            file.write(header + sealed)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _path(folder: Path, part: Part) -> Path:
    return folder / f"{part}.cache"


def _is_kept(folder: Path, part: Part, stored: Stored) -> bool:
    try:
        return load(folder, part) == stored
    except (DamagedFile, OSError):
        return False
