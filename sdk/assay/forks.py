"""Carry clients over a fork: nothing of theirs is half done at that moment, and the child starts anew."""

import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What has locks, threads, connections or files that a fork would break."""

    def before_fork(self) -> None:
        """Come to rest."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Drop what is the parent's."""


_watched: "weakref.WeakSet[Forkable]" = weakref.WeakSet()
_resting: list[Forkable] = []
_one_fork_at_a_time = threading.RLock()


def watch(forkable: Forkable) -> None:
    """From now on, tell `forkable` of each fork for as long as it lives."""
    _watched.add(forkable)


def _before() -> None:
    _one_fork_at_a_time.acquire()
    _resting[:] = _watched
    for forkable in _resting:
        forkable.before_fork()


def _in_parent() -> None:
    for forkable in _resting:
        forkable.after_fork_in_parent()
    _resting.clear()
    _one_fork_at_a_time.release()


def _in_child() -> None:
    # All of them: one that was made by another thread a moment ago did not come to rest, but is no less the parent's.
    for forkable in list(_watched):
        forkable.after_fork_in_child()
    _resting.clear()
    # The thread that forked holds it here as well, and it is the only one there is.
    _one_fork_at_a_time.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
