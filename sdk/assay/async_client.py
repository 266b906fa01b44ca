"""Ask Assay from asyncio: `AsyncAssay`, the same client with nothing that blocks the event loop."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from assay.client import Asked, Settings, request_of
from assay.core.resolve import Resolution
from assay.engine import Engine
from assay.fallback import Fallback
from assay.observe import Used, execution, outcome
from assay.options import Options
from assay.report import Earned, report


class AsyncAssay:
    """What `Assay` is, for coroutines. It belongs to no event loop: one may be shared by several, and by threads."""

    def __init__(
        self, url: str, key: str, *, cache_dir: str | os.PathLike[str] | None = None, **settings: Unpack[Settings]
    ) -> None:
        folder = None if cache_dir is None else Path(cache_dir)
        self._engine = Engine(Options(url, key, folder, **settings))

    async def resolve(self, *, fallback: Fallback | None = None, **asked: Unpack[Asked]) -> Resolution:
        """Return the version that serves what is asked for, filled in; see `Assay.resolve`.

        It yields to the event loop only while the first bundle is awaited, and when a unit first meets its arm. A
        `fallback` function is a plain one.
        """
        request = request_of(asked)
        bundle = self._engine.live or await asyncio.to_thread(self._engine.current)
        resolution = self._engine.answer(bundle, request, fallback)
        met = self._engine.meetings.first(resolution, request.unit)
        if met is not None:
            await asyncio.to_thread(self._engine.queue, "exposures", met)
        return resolution

    async def report_engagement(self, resolution: Resolution | str, **earned: Unpack[Earned]) -> None:
        """Queue what a resolution (or its id) earned; see `Assay.report_engagement`."""
        body = report(resolution, earned)
        if body is not None:
            await asyncio.to_thread(self._engine.queue, "engagement", body)

    async def outcome(
        self, whom: Resolution | str, metric: str, value: float, *, weight: float = 1.0, at: datetime | None = None
    ) -> None:
        """Queue what was measured of a unit; see `Assay.outcome`."""
        measured = outcome(whom, metric, value, weight=weight, at=at)
        if measured is not None:
            await asyncio.to_thread(self._engine.queue_outcome, measured)

    async def execution(self, resolution: Resolution | str, **used: Unpack[Used]) -> None:
        """Queue what one use of a resolution took; see `Assay.execution`."""
        body = execution(resolution, used)
        if body is not None:
            await asyncio.to_thread(self._engine.queue, "executions", body)

    async def revision(self) -> str | None:
        """Return the revision of the bundle in memory, None before there is one."""
        bundle = self._engine.live or await asyncio.to_thread(self._engine.current)
        return bundle.revision if bundle is not None else None

    async def flush(self, timeout: float = 5.0) -> bool:
        """Send what is queued now, in at most `timeout` seconds; return whether all of it went. Raises nothing."""
        return await asyncio.to_thread(self._engine.flush, timeout)

    async def close(self, timeout: float = 2.0) -> bool:
        """Flush, stop the thread, close everything; return whether all was sent. A later call opens it again."""
        return await asyncio.to_thread(self._engine.close, timeout)

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
        return f"AsyncAssay({self._engine.options.url!r})"
