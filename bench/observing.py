"""This file lets you time what is told of units over HTTP, and what a unit's first meeting with its arm costs."""

import http.client
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from bench.load import has_wrk, press
from bench.row import Row
from bench.web import Web

ROWS, BATCH = 60_000, 500
CONNECTIONS = 4
ASKED_ROWS = 5_000
REQUESTS = 1_500
RUNS, SECONDS = 3, 5


def rows_of_outcomes(web: Web, key: str, experiment_id: str, arms: Sequence[int]) -> Iterator[Row]:
    """Exposures and outcomes of units in a live experiment, in batches of 500. `arms`: each unit's, by its number."""
    exposures = [{"experiment_id": experiment_id, "unit": f"unit {unit}", "arm": arm} for unit, arm in enumerate(arms)]
    outcomes = [
        {"id": str(uuid4()), "metric": "click_through", "unit": f"unit {place % len(arms)}", "value": 1.0}
        for place in range(ROWS)
    ]
    seconds, taken, _ = _send(web, key, "exposures", exposures)
    yield Row(f"exposures over HTTP, batches of {BATCH}", "", f"{taken / seconds:,.0f} rows/s")
    seconds, taken, again = _send(web, key, "outcomes", outcomes)
    rate = taken / seconds
    told = f"{rate:,.0f} rows/s" if (taken, again) == (ROWS, 0) else f"{taken:,} taken, {again:,} twice"
    what = f"outcomes over HTTP, batches of {BATCH}, {CONNECTIONS} connections"
    yield Row(what, f"≥ {ASKED_ROWS:,} rows/s", told, f"{rate / ASKED_ROWS:.2f}")
    seconds, taken, again = _send(web, key, "outcomes", outcomes)
    told = f"{taken / seconds:,.0f} rows/s" if again == ROWS else f"{ROWS - again:,} counted twice"
    yield Row("  the same sent again: every one is a duplicate", "", told)


def _send(web: Web, key: str, what: str, items: Sequence[dict[str, Any]]) -> tuple[float, int, int]:
    """Seconds that it took, items accepted, and of those the duplicates."""
    bodies = [msgspec.json.encode({"items": some}) for some in _cut(items)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda share: _deliver(web, key, what, share), _shares(bodies)))
    seconds = time.perf_counter() - start
    told = [msgspec.json.decode(answer) for some in answers for answer in some]
    accepted = sum(each["accepted"] for each in told)
    return seconds, accepted, sum(result["duplicate"] for each in told for result in each["results"])


def _cut(items: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [items[first : first + BATCH] for first in range(0, len(items), BATCH)]


def _shares(bodies: list[bytes]) -> list[list[bytes]]:
    return [bodies[first::CONNECTIONS] for first in range(CONNECTIONS)]


def _deliver(web: Web, key: str, what: str, bodies: list[bytes]) -> list[bytes]:
    client = _Client(web, key)
    return [client.post(f"/api/v1/{what}", body) for body in bodies]


def rows_of_resolving(web: Web, key: str, tried: str, plain: str) -> Iterator[Row]:
    """One connection, one request after the other: the prompt `plain`, and `tried`, on which an experiment goes on."""
    client = _Client(web, key)
    units = [f"visitor {number}" for number in range(REQUESTS)]
    for unit in units[:200]:
        client.resolve(plain, unit)
    without = [client.resolve(plain, unit) for unit in units]
    first = [client.resolve(tried, unit) for unit in units]
    # Each process of the server remembers for itself whom it has met: until every one of them has met them all.
    for unit in [*units, *units, *units]:
        client.resolve(tried, unit)
    met = [client.resolve(tried, unit) for unit in units]
    yield Row("HTTP resolve with a unit, p50 / p99, no experiment", "", _latency(without))
    yield Row("  in an experiment, units already met", "", _latency(met))
    yield Row("  in an experiment, a unit's first meeting", "", _latency(first))
    if has_wrk():
        yield _under_load(web, key, tried, plain)


def _under_load(web: Web, key: str, tried: str, plain: str) -> Row:
    """Several times, one after the other: what else the machine does hits both."""
    rates: dict[str, list[float]] = {plain: [], tried: []}
    for _ in range(RUNS):
        for prompt, found in rates.items():
            body = msgspec.json.encode({"prompt": prompt, "unit": "visitor 1"})
            found.append(press(f"{web.url}/api/v1/resolve", body, key, SECONDS).rate)
    without, met = statistics.median(rates[plain]), statistics.median(rates[tried])
    what = "HTTP resolve, met units beside no experiment, 16 connections"
    return Row(what, f"{without:,.0f} /s", f"{met:,.0f} /s", f"{met / without:.2f}")


def _latency(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{1000 * ordered[len(ordered) // 2]:.2f} / {1000 * ordered[len(ordered) * 99 // 100]:.2f} ms"


class _Client:
    def __init__(self, web: Web, key: str) -> None:
        address = urlsplit(web.url)
        self.connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: bytes) -> bytes:
        self.connection.request("POST", path, body, self.headers)
        answer = self.connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {told[:300]!r}")
        return told

    def resolve(self, prompt: str, unit: str) -> float:
        """Seconds that it took."""
        body = msgspec.json.encode({"prompt": prompt, "unit": unit})
        start = time.perf_counter()
        self.post("/api/v1/resolve", body)
        return time.perf_counter() - start
