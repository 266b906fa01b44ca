"""Share one client between forked workers, the way gunicorn --preload does: make it once, before the fork.

    ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python prefork.py

Each worker inherits the bundle, and starts its own thread and connections with its first request. With gunicorn, put
the line that makes the client at the top of your application's module: `gunicorn --preload app:application`.
"""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from assay import Assay

assay = Assay(os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"), os.environ["ASSAY_KEY"])


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer a request with the prompt that serves it."""
    resolution = assay.resolve(
        category="lead_enrichment",
        language="en",
        variables={"message": environ["PATH_INFO"], "ai_summary": "A path."},
        fallback="Say what this customer wants.",
    )
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"worker {os.getpid()}: {resolution.text}\n".encode()]


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Do nothing."""


def main(workers: int = 2, requests: int = 3) -> None:
    """Serve a few requests in each worker, then end."""
    with make_server("127.0.0.1", int(os.environ.get("PORT", "0")), application, handler_class=Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        children = []
        for _ in range(workers):
            child = os.fork()
            if not child:
                for _ in range(requests):
                    server.handle_request()
                sys.exit(0)  # leaves through the SDK's own exit, which sends what is queued
            children.append(child)
        for child in children:
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
