"""Handoffs from plain Python."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
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
Do = Callable[[Handoff], Any]


class Handoffs:
    """The handoffs of a project. May be shared between threads. Whatever the server refuses is raised as AssayError
    with its code; a server that does not answer, after `retries`, as AssayUnavailable. Raises `invalid_options`.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 10.0, retries: int = 4) -> None:
        options = Options(url, key, timeout=timeout)
        self._url = options.url
        self._retries = retries
        self._http = httpx.Client(
            base_url=f"{options.url}/api/v1/",
            headers={"Authorization": f"Bearer {options.key}", "User-Agent": "assay-sdk-python"},
            timeout=timeout,
        )

    def send(
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
        return self._ask(calls.send(to_agent, task_type, payload, told, idempotency_key), Handoff)

    def get(self, handoff: Handoff | str) -> Handoff:
        """Where it stands now."""
        return self._ask(calls.get(handoff), Handoff)

    def pending(self, agent: str, *, limit: int = 50) -> Pending:
        """What waits for an agent, in turn."""
        response = self._request(calls.pending(agent, limit))
        return Pending(answers.read(response, Page).results, answers.seconds(response, 5.0))

    def confirm(
        self,
        handoff: Handoff | str,
        *,
        worker: str | None = None,
        agent: str | None = None,
        lease_seconds: int | None = None,
    ) -> Handoff:
        """Take it: hold on to what is returned, the lease is in it. Raises `already_confirmed`, saying who has it."""
        name = default_worker() if worker is None else worker
        return self._ask(calls.move(handoff, "confirm", worker=name, agent=agent, lease_seconds=lease_seconds), Handoff)

    def extend(self, handoff: Handoff, *, lease_seconds: int | None = None) -> Handoff:
        """Keep it for longer, counted from now. Raises `lease_lost`."""
        return self._ask(calls.move(handoff, "extend", holds=True, lease_seconds=lease_seconds), Handoff)

    def complete(self, handoff: Handoff | str, result: Any) -> Completed:
        """Bring back what it came to, any JSON value. `late`: it came too late, is kept, and changed nothing."""
        return self._ask(calls.complete(handoff, result), Completed)

    def reject(self, handoff: Handoff | str, *, reason: str = "", code: str = "") -> Handoff:
        """Turn it down."""
        return self._ask(calls.move(handoff, "reject", holds=True, reason=reason, reason_code=code), Handoff)

    def fail(self, handoff: Handoff | str, *, reason: str = "", code: str = "", retry: bool = False) -> Handoff:
        """Say that it failed; with `retry` it waits again while an attempt is left."""
        return self._ask(calls.move(handoff, "fail", holds=True, reason=reason, reason_code=code, retry=retry), Handoff)

    def cancel(self, handoff: Handoff | str, *, reason: str = "") -> Handoff:
        """Call it off, whoever has it."""
        return self._ask(calls.move(handoff, "cancel", reason=reason), Handoff)

    def request_input(self, handoff: Handoff | str, question: Any) -> Handoff:
        """Ask back; the work waits without a lease until somebody answers."""
        return self._ask(calls.move(handoff, "request-input", holds=True, question=question), Handoff)

    def answer(self, handoff: Handoff | str, answer: Any) -> Handoff:
        """Answer what was asked."""
        return self._ask(calls.move(handoff, "answer", answer=answer), Handoff)

    def reassign(self, handoff: Handoff | str, to_agent: str, *, reason: str = "") -> Handoff:
        """Give it to another agent."""
        return self._ask(calls.move(handoff, "reassign", to_agent=to_agent, reason=reason), Handoff)

    def work(
        self,
        agent: str,
        do: Do,
        *,
        worker: str | None = None,
        lease_seconds: int | None = None,
        until_idle: bool = False,
        stop: threading.Event | None = None,
    ) -> int:
        """Do what is handed to an agent, one after the other, for ever, or until `stop`, or with `until_idle` until
        nothing waits. Returns how many it completed.

        What `do` returns completes the work. Raising Reject turns it down, AskBack asks back, any other exception lets
        it be tried again. The lease is extended while `do` is at it. A dead server is waited for.
        """
        stop = stop or threading.Event()
        done = 0
        while not stop.is_set():
            try:
                waiting = self.pending(agent, limit=10)
            except AssayError as error:
                if error.status != 503:
                    raise
                logger.warning("Handoffs wait: %s", error.detail)
                waiting = Pending([], 5.0)
                if until_idle:
                    return done
            took = 0
            for found in waiting:
                taken = None if stop.is_set() else self._taken(found, agent, worker, lease_seconds)
                if taken is not None:
                    took += 1
                    done += self._finished(taken, do, lease_seconds or taken.lease_seconds)
            if until_idle and not waiting:
                return done
            # Others are at what waits, or nothing does.
            if not took:
                stop.wait(waiting.retry_after)
        return done

    def _taken(self, found: Handoff, agent: str, worker: str | None, lease_seconds: int | None) -> Handoff | None:
        """The work, confirmed; None where another was first, or it is over, or the server does not answer."""
        try:
            return self.confirm(found, worker=worker, agent=agent, lease_seconds=lease_seconds)
        except AssayError as error:
            if error.status not in (404, 409, 503):
                raise
            return None

    def _finished(self, taken: Handoff, do: Do, lease_seconds: int) -> bool:
        """Whether it was completed, in time."""
        with self._held(taken, lease_seconds):
            call = self._done(taken, do)
        try:
            if not call.path.endswith("/complete/"):
                self._ask(call, Handoff)
                return False
            return not self._ask(call, Completed).late
        except AssayError as error:
            if error.status in (401, 403):
                raise
            logger.warning("%s could not be told about: %s", taken.task_id, error.detail)
            if error.status in (400, 413, 422):
                # It cannot be taken as it is, a result too large for instance: another attempt may bring a better one.
                with contextlib.suppress(AssayError):
                    self.fail(taken, reason=error.detail, code=error.code, retry=True)
            return False

    def _done(self, taken: Handoff, do: Do) -> Call:
        """What is to be told of it."""
        try:
            return calls.complete(taken, do(taken))
        except Reject as error:
            return calls.move(taken, "reject", holds=True, reason=error.reason, reason_code=error.code)
        except AskBack as error:
            return calls.move(taken, "request-input", holds=True, question=error.question)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work is given back
            logger.warning("%s failed: %s", taken.task_id, type(error).__name__)
            told = {"reason_code": code_of(error)}
            return calls.move(taken, "fail", holds=True, retry=True, **told)

    @contextlib.contextmanager
    def _held(self, taken: Handoff, lease_seconds: int) -> Iterator[None]:
        """Extend the lease each third of it while the block lasts."""
        over = threading.Event()

        def hold() -> None:
            while not over.wait(lease_seconds / 3):
                try:
                    self.extend(taken, lease_seconds=lease_seconds)
                except AssayError as error:
                    logger.warning("The lease on %s could not be extended: %s", taken.task_id, error.detail)
                    if error.status != 503:
                        return

        holder = threading.Thread(target=hold, name="assay-lease", daemon=True)
        holder.start()
        try:
            yield
        finally:
            over.set()
            holder.join()

    def _ask(self, call: Call, shape: type[T]) -> T:
        return answers.read(self._request(call), shape)

    def _request(self, call: Call) -> httpx.Response:
        headers = {"Idempotency-Key": call.key, "Content-Type": "application/json"} if call.key else {}
        for attempt in range(self._retries + 1):
            response, failure = None, None
            try:
                with unlogged():
                    response = self._http.request(
                        call.method, call.path, content=call.body, params=call.params, headers=headers
                    )
            except httpx.HTTPError as error:
                failure = error
            if response is not None and not answers.is_passing(response):
                return response
            if attempt == self._retries:
                break
            time.sleep(answers.pause_before(attempt, response))
        if response is not None:
            raise answers.error_of(response)
        raise answers.unreachable(failure or httpx.HTTPError(""))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Name the server, never the key."""
        return f"Handoffs({self._url!r})"
