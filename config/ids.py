"""Make ids that sort by time."""

from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562): its first 48 bits are the Unix time in milliseconds."""
    return _uuid7()
