"""Know where the work of this thread or task is: in which run, and in which of its steps."""

import contextlib
from abc import ABC, abstractmethod
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from assay.tracing.record import Record

_here: ContextVar["Place | None"] = ContextVar("assay_place", default=None)


class Place(ABC):
    """A run or a step, as something that one can be inside of, with `with` or `async with` alike."""

    __slots__ = ("_entered", "_outer", "ended", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.ended = False
        self._entered = False
        self._outer: Place | None = None

    @property
    def outer(self) -> "Place | None":
        """What this was entered inside of."""
        return self._outer

    @abstractmethod
    def end(self, error: BaseException | None = None) -> None:
        """End it: well, or because of `error`. A second time does nothing."""

    def __enter__(self) -> Self:
        """Begin to be inside."""
        # What was entered earlier is never inside of what was entered later, so `outer` leads round no circle.
        if not self._entered:
            self._entered = True
            self._outer = here()
        _here.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it; an error goes on as it came."""
        # A generator may be closed in another context than it was begun in, or after others were entered and left
        # open on top of it: then there is nothing to go back from.
        if _here.get() is self:
            _here.set(self._outer)
        self.end(error)

    async def __aenter__(self) -> Self:
        """Begin to be inside."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it; an error goes on as it came."""
        self.__exit__(kind, error, traceback)


def here() -> Place | None:
    """Return the innermost run or step that has been entered and not ended."""
    place = _here.get()
    while place is not None and place.ended:
        place = place.outer
    return place


def move(place: Place | None) -> Place | None:
    """Be somewhere else from now on; return where this was before."""
    before = _here.get()
    _here.set(place)
    return before


def go(place: Place | None) -> "Token[Place | None]":
    """Be somewhere else until `come_back` is given what this returns."""
    return _here.set(place)


def come_back(token: "Token[Place | None]") -> None:
    """Be again where this was before. What is closed in another context than it began in has nothing to go back from:
    a coroutine that nobody awaits any more, when it is collected."""
    with contextlib.suppress(ValueError):
        _here.reset(token)
