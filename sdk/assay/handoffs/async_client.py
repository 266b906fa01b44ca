"""Handoffs from asyncio: the same client with nothing that blocks the event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from assay.core.errors import AssayError
from assay.handoffs import answers, calls
from assay.handoffs.calls import Call, Sent
from assay.handoffs.shapes import Completed, Handoff, Page, Pending
from assay.handoffs.working import AskBack, Reject, code_of, default_worker
from assay.notices import logger
from assay.options import Options
from assay.transport import unlogged

T = TypeVar("T")
Do = Callable[[Handoff], Awaitable[Any]]


class AsyncHandoffs:
    """What `Handoffs` is, for coroutines of one event loop. `do` is a coroutine function, `stop` an asyncio.Event."""

    def __init__(self, url: str, key: str, *, timeout: float = 10.0, retries: int = 4) -> None:
        options = Options(url, key, timeout=timeout)
        self._url = options.url
        self._retries = retries
        self._http = httpx.AsyncClient(
            base_url=f"{options.url}/api/v1/",
            headers={"Authorization": f"Bearer {options.key}", "User-Agent": "assay-sdk-python"},
            timeout=timeout,
        )

    async def send(
        self,
        to_agent: str,
        task_type: str,
        payload: dict[str, Any],
        *,
        idempotency_key: str | None = None,
        **told: Unpack[Sent],
    ) -> Handoff:
        """Hand work over. With an `idempotency_key` of your own the same again makes nothing more, for 24 hours.

        Raises `invalid_payload`, `handoff_loop`, `too_many_hops`, `unknown_agent`, `unknown_task_type` and others.
        """
        return await self._ask(calls.send(to_agent, task_type, payload, told, idempotency_key), Handoff)

    async def get(self, handoff: Handoff | str) -> Handoff:
        """Where it stands now."""
        return await self._ask(calls.get(handoff), Handoff)

    async def pending(self, agent: str, *, limit: int = 50) -> Pending:
        """What waits for an agent, in turn."""
        response = await self._request(calls.pending(agent, limit))
        return Pending(answers.read(response, Page).results, answers.seconds(response, 5.0))

    async def confirm(
        self,
        handoff: Handoff | str,
        *,
        worker: str | None = None,
        agent: str | None = None,
        lease_seconds: int | None = None,
    ) -> Handoff:
        """Take it: hold on to what is returned, the lease is in it. Raises `already_confirmed`, saying who has it."""
        name = default_worker() if worker is None else worker
        return await self._ask(
            calls.move(handoff, "confirm", worker=name, agent=agent, lease_seconds=lease_seconds), Handoff
        )

    async def extend(self, handoff: Handoff, *, lease_seconds: int | None = None) -> Handoff:
        """Keep it for longer, counted from now. Raises `lease_lost`."""
        return await self._ask(calls.move(handoff, "extend", holds=True, lease_seconds=lease_seconds), Handoff)

    async def complete(self, handoff: Handoff | str, result: Any) -> Completed:
        """Bring back what it came to, any JSON value. `late`: it came too late, is kept, and changed nothing."""
        return await self._ask(calls.complete(handoff, result), Completed)

    async def reject(self, handoff: Handoff | str, *, reason: str = "", code: str = "") -> Handoff:
        """Turn it down."""
        return await self._ask(calls.move(handoff, "reject", holds=True, reason=reason, reason_code=code), Handoff)

    async def fail(self, handoff: Handoff | str, *, reason: str = "", code: str = "", retry: bool = False) -> Handoff:
        """Say that it failed; with `retry` it waits again while an attempt is left."""
        return await self._ask(
            calls.move(handoff, "fail", holds=True, reason=reason, reason_code=code, retry=retry), Handoff
        )

    async def cancel(self, handoff: Handoff | str, *, reason: str = "") -> Handoff:
        """Call it off, whoever has it."""
        return await self._ask(calls.move(handoff, "cancel", reason=reason), Handoff)

    async def request_input(self, handoff: Handoff | str, question: Any) -> Handoff:
        """Ask back; the work waits without a lease until somebody answers."""
        return await self._ask(calls.move(handoff, "request-input", holds=True, question=question), Handoff)

    async def answer(self, handoff: Handoff | str, answer: Any) -> Handoff:
        """Answer what was asked."""
        return await self._ask(calls.move(handoff, "answer", answer=answer), Handoff)

    async def reassign(self, handoff: Handoff | str, to_agent: str, *, reason: str = "") -> Handoff:
        """Give it to another agent."""
        return await self._ask(calls.move(handoff, "reassign", to_agent=to_agent, reason=reason), Handoff)

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
        """Do what is handed to an agent, one after the other, for ever, or until `stop`, or with `until_idle` until
        nothing waits. Returns how many it completed.

        What `do` returns completes the work. Raising Reject turns it down, AskBack asks back, any other exception lets
        it be tried again. The lease is extended while `do` is at it. A dead server is waited for.
        """
        stop = stop or asyncio.Event()
        done = 0
        while not stop.is_set():
            try:
                waiting = await self.pending(agent, limit=10)
            except AssayError as error:
                if error.status != 503:
                    raise
                logger.warning("Handoffs wait: %s", error.detail)
                waiting = Pending([], 5.0)
                if until_idle:
                    return done
            took = 0
            for found in waiting:
                taken = None if stop.is_set() else await self._taken(found, agent, worker, lease_seconds)
                if taken is not None:
                    took += 1
                    done += await self._finished(taken, do, lease_seconds or taken.lease_seconds)
            if until_idle and not waiting:
                return done
            # Others are at what waits, or nothing does.
            if not took:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), waiting.retry_after)
        return done

    async def _taken(self, found: Handoff, agent: str, worker: str | None, lease_seconds: int | None) -> Handoff | None:
        """The work, confirmed; None where another was first, or it is over, or the server does not answer."""
        try:
            return await self.confirm(found, worker=worker, agent=agent, lease_seconds=lease_seconds)
        except AssayError as error:
            if error.status not in (404, 409, 503):
                raise
            return None

    async def _finished(self, taken: Handoff, do: Do, lease_seconds: int) -> bool:
        """Whether it was completed, in time."""
        async with self._held(taken, lease_seconds):
            call = await self._done(taken, do)
        try:
            if not call.path.endswith("/complete/"):
                await self._ask(call, Handoff)
                return False
            return not (await self._ask(call, Completed)).late
        except AssayError as error:
            if error.status in (401, 403):
                raise
            logger.warning("%s could not be told about: %s", taken.task_id, error.detail)
            if error.status in (400, 413, 422):
                # It cannot be taken as it is, a result too large for instance: another attempt may bring a better one.
                with contextlib.suppress(AssayError):
                    await self.fail(taken, reason=error.detail, code=error.code, retry=True)
            return False

    async def _done(self, taken: Handoff, do: Do) -> Call:
        """What is to be told of it."""
        try:
            return calls.complete(taken, await do(taken))
        except Reject as error:
            return calls.move(taken, "reject", holds=True, reason=error.reason, reason_code=error.code)
        except AskBack as error:
            return calls.move(taken, "request-input", holds=True, question=error.question)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work is given back
            logger.warning("%s failed: %s", taken.task_id, type(error).__name__)
            told = {"reason_code": code_of(error)}
            return calls.move(taken, "fail", holds=True, retry=True, **told)

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
        while True:
            await asyncio.sleep(lease_seconds / 3)
            try:
                await self.extend(taken, lease_seconds=lease_seconds)
            except AssayError as error:
                logger.warning("The lease on %s could not be extended: %s", taken.task_id, error.detail)
                if error.status != 503:
                    return

    async def _ask(self, call: Call, shape: type[T]) -> T:
        return answers.read(await self._request(call), shape)

    async def _request(self, call: Call) -> httpx.Response:
        headers = {"Idempotency-Key": call.key, "Content-Type": "application/json"} if call.key else {}
        for attempt in range(self._retries + 1):
            response, failure = None, None
            try:
                with unlogged():
                    response = await self._http.request(
                        call.method, call.path, content=call.body, params=call.params, headers=headers
                    )
            except httpx.HTTPError as error:
                failure = error
            if response is not None and not answers.is_passing(response):
                return response
            if attempt == self._retries:
                break
            await asyncio.sleep(answers.pause_before(attempt, response))
        if response is not None:
            raise answers.error_of(response)
        raise answers.unreachable(failure or httpx.HTTPError(""))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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
