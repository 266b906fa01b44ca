"""Carry the place in a run to where no context goes by itself: into a thread, or through a generator."""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, ParamSpec, TypeVar, cast

from assay.tracing.place import Place, come_back, go, here, move

P = ParamSpec("P")
T = TypeVar("T")


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs inside of the run and step that `carry` was called in, in whatever thread or task.

    `executor.submit(carry(work), job)` makes the runs and steps of `work` belong to this one. Of a generator function,
    plain or asynchronous, what it opens stays its own: a step that is open across a `yield` does not become the place
    of whoever reads.
    """
    place = here()
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def await_there(*args: P.args, **kwargs: P.kwargs) -> Any:
            return await _awaited(function(*args, **kwargs), place)

        return cast("Callable[P, T]", await_there)

    @functools.wraps(function)
    def run_there(*args: P.args, **kwargs: P.kwargs) -> Any:
        before = move(place)
        try:
            made = function(*args, **kwargs)
        finally:
            move(before)
        if inspect.isgenerator(made):
            return _Carried(made, place)
        if inspect.iscoroutine(made):  # of a function that wraps one
            return _awaited(made, place)
        return _CarriedAsync(made, place) if inspect.isasyncgen(made) else made

    return run_there


async def _awaited(coroutine: Coroutine[Any, Any, Any], place: Place | None) -> Any:
    before = go(place)
    try:
        return await coroutine
    finally:
        come_back(before)


class _Carried(Generator[Any, Any, Any]):
    """A generator with a place of its own."""

    def __init__(self, generator: Generator[Any, Any, Any], place: Place | None) -> None:
        self._generator = generator
        self._place = place

    def send(self, value: Any) -> Any:
        before = move(self._place)
        try:
            return self._generator.send(value)
        finally:
            self._place = move(before)

    def throw(self, *error: Any) -> Any:
        before = move(self._place)
        try:
            return self._generator.throw(*error)
        finally:
            self._place = move(before)


class _CarriedAsync(AsyncGenerator[Any, Any]):
    """An asynchronous generator with a place of its own."""

    def __init__(self, generator: AsyncGenerator[Any, Any], place: Place | None) -> None:
        self._generator = generator
        self._place = place

    async def asend(self, value: Any) -> Any:
        before = move(self._place)
        try:
            return await self._generator.asend(value)
        finally:
            self._place = move(before)

    async def athrow(self, *error: Any) -> Any:
        before = move(self._place)
        try:
            return await self._generator.athrow(*error)
        finally:
            self._place = move(before)
