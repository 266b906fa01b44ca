"""Make codes of names that people and programs chose freely."""

import hmac
import re

from assay.core.privacy import CODE

LONGEST_NAME = 64
MOST_WORDS = 5
MOST_REMEMBERED = 10_000
_APART = re.compile(r"[^A-Za-z0-9._:/@+-]+")


class Namer:
    """Names of one project as codes; whoever does not hold the `key` cannot tell a hashed name by trying."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str | None] = {}

    def code(self, name: str) -> str | None:
        """The name as a code; None where there is none.

        What no code may hold becomes `_`. A name longer than 64 characters, of more than five words, or with letters
        that no code has, becomes `h:` and the first 16 hexadecimal digits of HMAC-SHA256: names can still be told apart
        and counted, and no sentence comes in as one.
        """
        try:
            return self._known[name]
        except KeyError:
            pass
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        code = self._known[name] = self._make(name)
        return code

    def _make(self, name: str) -> str | None:
        if len(name) <= LONGEST_NAME:
            if CODE.match(name):
                return name
            words = [word for word in _APART.split(name) if word]
            if len(words) <= MOST_WORDS and not any(letter.isalnum() and not letter.isascii() for letter in name):
                return "_".join(words) or None
        digest = hmac.digest(self._key, name.encode(errors="replace"), "sha256").hex()
        return f"h:{digest[:16]}"
