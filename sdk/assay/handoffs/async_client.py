"""Handoffs from asyncio: the same client with nothing that blocks the event loop."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from assay.core.errors import AssayError
from assay.handoffs import answers, calls, working
from assay.handoffs.calls import Call, Sent
from assay.handoffs.connection import Connection, check_options
from assay.handoffs.shapes import Completed, Handoff, Pending
from assay.transport import access_to, unlogged

T = TypeVar("T")
Do = Callable[[Handoff], Awaitable[Any]]


class AsyncHandoffs:
    """What `Handoffs` is, for coroutines of one event loop. `do` is a coroutine function, `stop` an asyncio.Event."""

    def __init__(self, url: str, key: str, *, timeout: float = 10.0, retries: int = 4) -> None:
        options = check_options(url, key, timeout, retries)
        self._url = options.url
        self._retries = retries
        self._connection = Connection(lambda: httpx.AsyncClient(**access_to(options.url, options.key), timeout=timeout))

    async def send(
        self,
        to_agent: str,
        task_type: str,
        payload: dict[str, Any],
        *,
        idempotency_key: str | None = None,
        **told: Unpack[Sent],
    ) -> Handoff:
        """Hand work over; see `Handoffs.send`."""
        return await self._ask(calls.send(to_agent, task_type, payload, told, idempotency_key))

    async def get(self, handoff: Handoff | str) -> Handoff:
        """Where it stands now."""
        return await self._ask(calls.get(handoff))

    async def pending(self, agent: str, *, limit: int = 50) -> Pending:
        """What waits for an agent, in turn."""
        return answers.read_pending(await self._request(calls.pending(agent, limit)))

    async def confirm(
        self,
        handoff: Handoff | str,
        *,
        worker: str | None = None,
        agent: str | None = None,
        lease_seconds: int | None = None,
    ) -> Handoff:
        """Take it: hold on to what is returned, the lease is in it. Raises `already_confirmed`, saying who has it."""
        return await self._ask(calls.confirm(handoff, worker, agent, lease_seconds))

    async def extend(self, handoff: Handoff, *, lease_seconds: int | None = None) -> Handoff:
        """Keep it for longer, counted from now. Raises `lease_lost`."""
        return await self._ask(calls.extend(handoff, lease_seconds))

    async def complete(self, handoff: Handoff | str, result: Any) -> Completed:
        """Bring back what it came to, any JSON value, None included. `late`: it came too late, is kept, and changed
        nothing. Raises `invalid_json`, for NaN as well."""
        return await self._ask(calls.complete(handoff, result))

    async def reject(self, handoff: Handoff | str, *, reason: str = "", code: str = "") -> Handoff:
        """Turn it down."""
        return await self._ask(calls.reject(handoff, reason, code))

    async def fail(self, handoff: Handoff | str, *, reason: str = "", code: str = "", retry: bool = False) -> Handoff:
        """Say that it failed; with `retry` it waits again while an attempt is left."""
        return await self._ask(calls.fail(handoff, reason, code, retry=retry))

    async def cancel(self, handoff: Handoff | str, *, reason: str = "") -> Handoff:
        """Call it off, whoever has it."""
        return await self._ask(calls.cancel(handoff, reason))

    async def request_input(self, handoff: Handoff | str, question: Any) -> Handoff:
        """Ask back; the work waits without a lease until somebody answers."""
        return await self._ask(calls.request_input(handoff, question))

    async def answer(self, handoff: Handoff | str, answer: Any) -> Handoff:
        """Answer what was asked."""
        return await self._ask(calls.answer(handoff, answer))

    async def reassign(self, handoff: Handoff | str, to_agent: str, *, reason: str = "") -> Handoff:
        """Give it to another agent."""
        return await self._ask(calls.reassign(handoff, to_agent, reason))

    async def work(
        self,
        agent: str,
        do: Do,
        *,
        worker: str | None = None,
        lease_seconds: int | None = None,
        until_idle: bool = False,
        stop: asyncio.Event | None = None,
    ) -> int:
        """Do what is handed to an agent, one after the other; return how many it completed. See `Handoffs.work`."""
        stop = stop or asyncio.Event()
        done = 0
        while not stop.is_set():
            try:
                waiting = await self.pending(agent, limit=10)
            except AssayError as error:
                waiting = working.nothing_yet(error)
                if until_idle:
                    return done
            taken = await self._first(waiting, agent, worker, lease_seconds, stop)
            if taken is not None:
                # What has come meanwhile may be more urgent than what else was waiting: it is asked anew.
                done += await self._finished(taken, do, lease_seconds or taken.lease_seconds, stop)
            elif until_idle and not waiting:
                return done
            else:  # others are at what waits, or nothing does
                await _wait(stop, waiting.retry_after)
        return done

    async def _first(
        self, waiting: Pending, agent: str, worker: str | None, lease_seconds: int | None, stop: asyncio.Event
    ) -> Handoff | None:
        """The first that can be had, confirmed; None where others have all of it, or the server does not answer."""
        for found in waiting:
            if stop.is_set():
                return None
            try:
                return await self.confirm(found, worker=worker, agent=agent, lease_seconds=lease_seconds)
            except AssayError as error:
                working.not_taken(error)
        return None

    async def _finished(self, taken: Handoff, do: Do, lease_seconds: int, stop: asyncio.Event) -> bool:
        """Whether it was completed, in time."""
        async with self._held(taken, lease_seconds):
            call = await self._done(taken, do)
        try:
            told = await self._delivered(call, lease_seconds, stop)
        except AssayError as error:
            instead = working.not_delivered(taken, error)
            if instead is not None:
                await self._give_back(taken, instead)
            return False
        return isinstance(told, Completed) and not told.late

    async def _done(self, taken: Handoff, do: Do) -> Call[Completed | Handoff]:
        """What is to be told of it."""
        try:
            result = await do(taken)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work is given back
            return working.tell_of(taken, error)
        return working.tell_result(taken, result)

    async def _give_back(self, taken: Handoff, call: Call[Handoff]) -> None:
        try:
            await self._ask(call)
        except AssayError as error:
            working.not_given_back(taken, error)

    async def _delivered(
        self, call: Call[Completed | Handoff], lease_seconds: int, stop: asyncio.Event
    ) -> Completed | Handoff:
        """The answer, however often the server is in trouble while the lease may last: work is not done for nothing."""
        until = time.monotonic() + lease_seconds
        while True:
            try:
                return await self._ask(call)
            except AssayError as error:
                if not answers.passes(error) or stop.is_set() or time.monotonic() >= until:
                    raise
            await _wait(stop, working.pause_of(lease_seconds))

    @contextlib.asynccontextmanager
    async def _held(self, taken: Handoff, lease_seconds: int) -> AsyncIterator[None]:
        """Extend the lease each third of it while the block lasts."""
        holder = asyncio.create_task(self._hold(taken, lease_seconds))
        try:
            yield
        finally:
            holder.cancel()
            await asyncio.gather(holder, return_exceptions=True)

    async def _hold(self, taken: Handoff, lease_seconds: int) -> None:
        pause = lease_seconds / 3
        while True:
            await asyncio.sleep(pause)
            try:
                await self._ask(calls.extend(taken, lease_seconds), retries=0)
                pause = lease_seconds / 3
            except AssayError as error:
                if not working.may_hold_on(taken, error):
                    return
                pause = working.pause_of(lease_seconds)

    async def _ask(self, call: Call[T], *, retries: int | None = None) -> T:
        return answers.read(await self._request(call, retries), call.shape)

    async def _request(self, call: Call[Any], retries: int | None = None) -> httpx.Response:
        retries = self._retries if retries is None else retries
        for attempt in range(retries + 1):
            response, failure = None, None
            try:
                with unlogged():
                    response = await self._http.request(
                        call.method, call.path, content=call.body, params=call.params, headers=call.headers
                    )
            except httpx.HTTPError as error:
                failure = error
            if response is not None and not answers.is_passing(response):
                return response
            if attempt < retries:
                await asyncio.sleep(answers.pause_before(attempt, response))
        raise answers.no_answer(response, failure)

    @property
    def _http(self) -> httpx.AsyncClient:
        return self._connection.client()

    async def close(self) -> None:
        """Close the connections. A later call opens others."""
        client = self._connection.take()
        if client is not None:
            await client.aclose()

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    def __repr__(self) -> str:
        """Name the server, never the key."""
        return f"AsyncHandoffs({self._url!r})"


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
