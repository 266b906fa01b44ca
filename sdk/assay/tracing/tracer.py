"""Trace the runs of one agent: `AgentTracer`."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from assay.async_client import AsyncAssay
from assay.client import Assay, Settings
from assay.core.errors import AssayError, FieldError
from assay.core.privacy import is_code, not_a_code
from assay.engine import Engine
from assay.options import Options
from assay.tracing import admit
from assay.tracing.drops import Drops
from assay.tracing.ids import new_id
from assay.tracing.items import RunItem
from assay.tracing.place import Place, here
from assay.tracing.record import Record
from assay.tracing.report import Report
from assay.tracing.run import Run


class AgentTracer:
    """Tells an Assay server what one agent does. Make one per agent and keep it; threads and tasks may share it.

    It is made with `url` and `key` and what else `Assay` takes, or with a `client` (an `Assay` or `AsyncAssay`), whose
    queue and options it then uses. Raises `invalid_options` when it is made, and nothing after that: what cannot be
    told is left out, counted in `dropped`, and warned of once for each kind and field, with the caller's file and line.
    """

    def __init__(
        self,
        agent_id: str,
        agent_version: str,
        *,
        url: str | None = None,
        key: str | None = None,
        client: Assay | AsyncAssay | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        environment: str = "production",
        session_id: str | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        named = {"agent_id": agent_id, "agent_version": agent_version, "environment": environment}
        if session_id is not None:
            named["session_id"] = session_id
        names = {name: admit.plain(given) or "" for name, given in named.items()}
        errors = [not_a_code(name) for name, given in names.items() if not is_code(given)]
        if client is not None and (url is not None or key is not None or cache_dir is not None or settings):
            errors.append(
                FieldError("/client", "ambiguous", "Give either a client, or url, key and what goes with them.")
            )
        if errors:
            raise AssayError("invalid_options", "The tracer cannot be made like this.", status=400, errors=errors)
        self._names = names
        self._drops = Drops()
        self._closed = False
        self._shared = client is not None
        if client is not None:
            self._engine = client._engine
        else:
            folder = None if cache_dir is None else Path(cache_dir)
            self._engine = Engine(Options(url or "", key or "", folder, **settings), keeps_bundle=False)

    def start_run(
        self,
        *,
        run_id: str | None = None,
        parent: Place | str | None = None,
        session_id: str | None = None,
        trace_id: str | None = None,
        span_id: str | None = None,
        resolution: Any = None,
        metadata: dict[str, Any] | None = None,
        announce: bool = False,
    ) -> Run:
        """Begin a run. Use it with `with` or `async with`, or call its `end`.

        It belongs to the run that this thread or task is in, by whatever tracer, or to `parent`, a run or its id; and
        to that one's session unless it is told its own. `resolution` is the resolution that it uses, or its id.
        `announce` tells the server at once that it is running, rather than when it has ended.
        """
        drops = self._drops
        outer = here() if parent is None else None
        if isinstance(parent, Place) and admit.of(parent, Place):
            outer = parent
        outer_item = outer.record.item if outer is not None else None
        wall = time.time()
        own_id = admit.code(run_id, drops, "run_id") or new_id(wall)
        parent_id = outer_item.run_id if outer_item is not None else admit.code(parent, drops, "parent")
        if parent_id == own_id:
            drops.count("own_parent", field="parent")
            parent_id = None
        item = RunItem(
            run_id=own_id,
            agent_id=self._names["agent_id"],
            agent_version=self._names["agent_version"],
            environment=self._names["environment"],
            status="running",
            started_at=datetime.fromtimestamp(wall, UTC),
            parent_run_id=parent_id,
            session_id=admit.code(session_id, drops, "session_id") or self._session_of(outer_item),
            trace_id=admit.hexadecimal(trace_id, 32, drops, "trace_id"),
            span_id=admit.hexadecimal(span_id, 16, drops, "span_id"),
            resolution_id=admit.resolution_id(resolution, drops),
            metadata=admit.metadata(metadata, drops),
        )
        run = Run(Record(item, drops, wall), self._queue)
        if announce:
            run.announce()
        return run

    @property
    def dropped(self) -> dict[str, int]:
        """How much was left out so far, by kind."""
        return self._drops.counted()

    def flush(self, timeout: float = 5.0) -> bool:
        """Send what is queued now, in at most `timeout` seconds; return whether all of it went. Raises nothing."""
        return self._engine.flush(timeout)

    def close(self, timeout: float = 2.0) -> bool:
        """Flush, and take no more runs; return whether all was sent. A client that it was given goes on."""
        self._closed = True
        return self._engine.flush(timeout) if self._shared else self._engine.close(timeout)

    def __enter__(self) -> Self:
        """Return the tracer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return the tracer itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it, while the event loop goes on."""
        await asyncio.to_thread(self.close)

    def __repr__(self) -> str:
        """Name the agent and the server, never the key."""
        return f"AgentTracer({self._names['agent_id']!r}, {self._engine.options.url!r})"

    def _session_of(self, outer: RunItem | None) -> str | None:
        return self._names.get("session_id") or (outer.session_id if outer is not None else None)

    def _queue(self, record: Record) -> None:
        if self._closed:
            self._drops.count("closed")
        elif not self._engine.queue_later(Report(record)):
            self._drops.count("queue_full")
