"""This file lets you put a server under load with wrk: 16 connections that are never idle."""

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

CONNECTIONS = 16
SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = {authorization}
function done(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format('{{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"errors":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.timeout + e.status))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server bore: requests a second, latencies in milliseconds, and how many requests went wrong."""

    rate: float
    p50: float
    p99: float
    longest: float
    errors: int


def has_wrk() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def press(url: str, body: bytes, key: str, seconds: int = 10) -> Load:
    """POST the body again and again."""
    script = SCRIPT.format(body=json.dumps(body.decode()), authorization=json.dumps(f"Bearer {key}"))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "10s", "-s", file.name]
        ended = subprocess.run([*command, url], capture_output=True, text=True, timeout=seconds + 60, check=True)
    said = json.loads(ended.stderr.strip().splitlines()[-1])
    return Load(
        rate=said["requests"] / (said["microseconds"] / 1e6),
        p50=said["p50"] / 1000,
        p99=said["p99"] / 1000,
        longest=said["max"] / 1000,
        errors=said["errors"],
    )
