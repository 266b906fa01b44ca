"""Ask Assay from plain Python: `Assay` for ordinary code."""

import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from assay.core.errors import AssayError, single
from assay.core.resolve import Request, Resolution
from assay.engine import Engine
from assay.fallback import Fallback
from assay.observe import Used, execution, outcome
from assay.options import Options
from assay.report import Earned, report


class Asked(TypedDict, total=False):
    """What `resolve` is asked for: a `category` and what narrows it, or a `prompt` by name; and what to fill in."""

    category: str | None
    vertical: str | None
    platform: str | None
    agent_code: str | None
    language: str | None
    prompt: str | None
    unit: str | None
    client_id: str | None
    variables: dict[str, Any] | None
    label: str | None


class Settings(TypedDict, total=False):
    """How a client works, beyond url and key. Times are in seconds.

    - `refresh_interval` (0.75): how often to look for a new bundle.
    - `send_interval` (2): how often to send what is queued.
    - `start_timeout` (2): how long the first calls may wait for the first bundle.
    - `timeout` (10): how long one HTTP request may take.
    - `max_queue` (100,000): how many unsent items are kept before the oldest are dropped.
    """

    refresh_interval: float
    send_interval: float
    start_timeout: float
    timeout: float
    max_queue: int


class Assay:
    """A project of an Assay server, in this process: it chooses and fills prompts from memory.

    It works on with the server down, may be shared between threads, and survives forks: make one and keep it.
    `cache_dir` defaults to the user's cache folder. Raises `invalid_options`.
    """

    def __init__(
        self, url: str, key: str, *, cache_dir: str | os.PathLike[str] | None = None, **settings: Unpack[Settings]
    ) -> None:
        folder = None if cache_dir is None else Path(cache_dir)
        self._engine = Engine(Options(url, key, folder, **settings))

    def resolve(self, *, fallback: Fallback | None = None, **asked: Unpack[Asked]) -> Resolution:
        """Return the version that serves what is asked for, filled in, from memory alone.

        `fallback` (a text, messages, or a function of the variables) is the answer when there is no bundle, or no such
        prompt in it. When a `unit` first meets its arm of an experiment, that is queued. Raises AssayError:
        `unavailable`, or what `assay.core.resolve.resolve` raises.
        """
        request = request_of(asked)
        bundle = self._engine.live or self._engine.current()
        resolution = self._engine.answer(bundle, request, fallback)
        met = self._engine.meetings.first(resolution, request.unit)
        if met is not None:
            self._engine.queue("exposures", met)
        return resolution

    def report_engagement(self, resolution: Resolution | str, **earned: Unpack[Earned]) -> None:
        """Queue what a resolution (or its id, kept from then) earned: its rate in [0, 1], or the counts behind it.

        Raises `invalid_resolution_id` or `invalid_engagement`; never for the network or the disk.
        """
        body = report(resolution, earned)
        if body is not None:
            self._engine.queue("engagement", body)

    def outcome(
        self, whom: Resolution | str, metric: str, value: float, *, weight: float = 1.0, at: datetime | None = None
    ) -> None:
        """Queue what was measured of a unit: of that which a resolution (or its id) was for, or of the unit by name.

        `metric` is a slug. `weight` is the denominator of a ratio; `at` is when it happened, now unless said. Raises
        `invalid_outcome`, `invalid_unit`, `invalid_time` or `no_unit`; never for the network or the disk.
        """
        measured = outcome(whom, metric, value, weight=weight, at=at)
        if measured is not None:
            self._engine.queue_outcome(measured)

    def execution(self, resolution: Resolution | str, **used: Unpack[Used]) -> None:
        """Queue what one use of a resolution took: time, tokens, cost, an error's code, how good it was. No content.

        Raises `invalid_resolution_id`, `invalid_execution` or `invalid_time`; never for the network or the disk.
        """
        body = execution(resolution, used)
        if body is not None:
            self._engine.queue("executions", body)

    @property
    def revision(self) -> str | None:
        """The revision of the bundle in memory, None before there is one."""
        bundle = self._engine.live or self._engine.current()
        return bundle.revision if bundle is not None else None

    def flush(self, timeout: float = 5.0) -> bool:
        """Send what is queued now, in at most `timeout` seconds; return whether all of it went. Raises nothing."""
        return self._engine.flush(timeout)

    def close(self, timeout: float = 2.0) -> bool:
        """Flush, stop the thread, close everything; return whether all was sent. A later call opens it again."""
        return self._engine.close(timeout)

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
        return f"Assay({self._engine.options.url!r})"


def request_of(asked: Asked) -> Request:
    """Return the request as the core takes it; what is None counts as not given. Raises `invalid_context`."""
    given: dict[str, Any] = {}
    for name, value in asked.items():
        if value is None:
            continue
        if not isinstance(value, dict if name == "variables" else str):
            kind = "an object of names and values" if name == "variables" else "a string"
            raise single("invalid_context", f"/{name}", f"{name} must be {kind}.")
        given[name] = value
    try:
        return Request(**given)
    except TypeError as error:
        raise AssayError("invalid_context", f"resolve does not take this: {error}.") from None
