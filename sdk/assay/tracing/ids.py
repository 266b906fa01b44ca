"""Make ids that sort by their time: UUIDs of version 7 (RFC 9562)."""

from assay.core.token import randomness


def new_id(seconds: float) -> str:
    """Return a new id of this Unix time."""
    bits = randomness.getrandbits(74)
    number = int(seconds * 1000) << 80 | 7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
