"""This file lets you time how long a published change takes until every process serves it."""

import http.client
import json
import time
from urllib.parse import urlsplit

from sentinel.access import Access
from vault.add_version import add_version
from vault.models import Prompt

# So many that both workers hold some of them, but for one chance in thirty thousand.
CONNECTIONS = 16
PATIENCE = 30.0
# Between two rounds of asking: what is measured may be late by this, and asking takes little from what is asked.
PAUSE = 0.02


def time_publishing(url: str, key: str, access: Access, prompt: Prompt, times: int) -> list[float]:
    """Seconds from the end of each publishing transaction until every connection has been answered with the change."""
    address = urlsplit(url)
    open_ = [http.client.HTTPConnection(address.hostname or "", address.port, timeout=30) for _ in range(CONNECTIONS)]
    taken = []
    for turn in range(times):
        text = f"Published {turn} at {time.time_ns()}"
        add_version(access=access, prompt=prompt, content=text, publish=True)
        start = time.monotonic()
        waiting = list(open_)
        while waiting and time.monotonic() - start < PATIENCE:
            waiting = [connection for connection in waiting if _text(connection, key, prompt.name) != text]
            time.sleep(PAUSE)
        taken.append(time.monotonic() - start)
        # Not in step with the server's pauses.
        time.sleep(0.1 + 0.037 * (turn % 10))
    for connection in open_:
        connection.close()
    return taken


def _text(connection: http.client.HTTPConnection, key: str, name: str) -> str:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/resolve", json.dumps({"prompt": name}), headers)
    found: str = json.loads(connection.getresponse().read())["text"]
    return found
