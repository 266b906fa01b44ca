"""Resolution ids: compact tokens that say what was served, stored nowhere and granting nothing.

base64url without padding of: version byte 1, prompt id (16 bytes), version id (16), Unix milliseconds (6, big-endian),
random bytes (6), flags (1), then the 8-byte hash of the unit when flag 1 is set, then experiment id (16) and arm number
(1) when flag 2 is set.
"""

import os
import random
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from uuid import UUID

import msgspec

from assay.core.errors import single

FORMAT = b"\x01"
HAS_UNIT = 1
HAS_EXPERIMENT = 2
NO_FLAGS = b"\x00"
BASE_LENGTH = 46
MAX_TEXT = 120
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

# Its own generator: an application that seeds the global one must not make its resolution ids repeat. In a forked child
# it is seeded anew, or parent and child would go on with the same numbers.
randomness = random.Random()  # noqa: S311 - these bits tell two resolutions apart, they keep no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=randomness.seed)


class ResolutionId(msgspec.Struct, frozen=True):
    """What a resolution id says. Times are Unix milliseconds; `unit_hash` is as `assign.unit_hash` makes it."""

    prompt_id: str
    version_id: str
    milliseconds: int
    unit_hash: bytes | None = None
    experiment_id: str | None = None
    arm: int | None = None


def head_of(prompt_id: str, version_id: str) -> bytes:
    """The part of a resolution id that is the same each time a version is served."""
    return FORMAT + UUID(prompt_id).bytes + UUID(version_id).bytes


def make(
    head: bytes,
    milliseconds: int,
    *,
    unit_hash: bytes | None = None,
    experiment_id: str | None = None,
    arm: int | None = None,
) -> str:
    """A new resolution id, from the `head_of` a version and the Unix time in milliseconds."""
    stamp = head + milliseconds.to_bytes(6, "big") + randomness.getrandbits(48).to_bytes(6, "big")
    if unit_hash is None and experiment_id is None:
        return urlsafe_b64encode(stamp + NO_FLAGS).rstrip(b"=").decode("ascii")
    flags, tail = 0, b""
    if unit_hash is not None:
        flags, tail = HAS_UNIT, unit_hash
    if experiment_id is not None and arm is not None:
        flags, tail = flags | HAS_EXPERIMENT, tail + UUID(experiment_id).bytes + bytes((arm,))
    return urlsafe_b64encode(stamp + bytes((flags,)) + tail).rstrip(b"=").decode("ascii")


def read(token: str) -> ResolutionId:
    """What a resolution id says; raises `invalid_resolution_id` for anything that `make` cannot have made."""
    raw = _decode(token)
    flags = raw[BASE_LENGTH - 1]
    expected = BASE_LENGTH + (8 if flags & HAS_UNIT else 0) + (17 if flags & HAS_EXPERIMENT else 0)
    if raw[:1] != FORMAT or flags > HAS_UNIT | HAS_EXPERIMENT or len(raw) != expected:
        raise _invalid()
    rest = raw[BASE_LENGTH:]
    unit: bytes | None = None
    if flags & HAS_UNIT:
        unit, rest = rest[:8], rest[8:]
    return ResolutionId(
        prompt_id=str(UUID(bytes=raw[1:17])),
        version_id=str(UUID(bytes=raw[17:33])),
        milliseconds=int.from_bytes(raw[33:39], "big"),
        unit_hash=unit,
        experiment_id=str(UUID(bytes=rest[:16])) if rest else None,
        arm=rest[16] if rest else None,
    )


def _decode(token: str) -> bytes:
    if not isinstance(token, str) or len(token) > MAX_TEXT or not token.isascii() or "+" in token or "/" in token:
        raise _invalid()
    padded = token.encode("ascii").translate(_URL_SAFE) + b"=" * (-len(token) % 4)
    try:
        raw = a2b_base64(padded, strict_mode=True)
    except Base64Error:
        raise _invalid() from None
    # One text for one token: the unused bits at the end must be zero, as `make` leaves them.
    if len(raw) < BASE_LENGTH or urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        raise _invalid()
    return raw


def _invalid() -> Exception:
    return single("invalid_resolution_id", "/resolution_id", "This is not a resolution id that Assay made.")
