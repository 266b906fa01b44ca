"""Keep what was worked out, as much of it as there is room for."""

from typing import Any


class Cache:
    """A bounded dictionary without a lock: a fork in the middle of a write leaves nothing held.

    Two generations: when the young one is full it becomes the old one, and what is still asked for moves over.
    """

    __slots__ = ("limit", "old", "young")

    def __init__(self, limit: int = 1024) -> None:
        self.limit = limit
        self.young: dict[str, Any] = {}
        self.old: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """What was put under the key, or None."""
        found = self.young.get(key)
        if found is None:
            found = self.old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: str, value: object) -> None:
        """Keep the value for a while."""
        if len(self.young) >= self.limit:
            self.old, self.young = self.young, {}
        self.young[key] = value
