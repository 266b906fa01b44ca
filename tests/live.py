"""A real web server, with workers of its own, on the database of the test that asks for it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
from django.db import connection

from tests.ground.processes import port_of_ones_own

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


@contextlib.contextmanager
def serving(home: Path, *, workers: int = 2, **settings: str) -> Iterator[str]:
    """The address of a server that runs while the block lasts. Its log is `server.log` in `home`.

    It sees what is committed: the test has to use `transactional_db`.
    """
    with port_of_ones_own() as port:
        yield from _serving(home, port, workers, settings)


def _serving(home: Path, port: int, workers: int, settings: dict[str, str]) -> Iterator[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "DJANGO_"))}
    environment |= {
        "ASSAY_HOME": str(home),
        "DATABASE_URL": _url_of_database(),
        "PORT": str(port),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "sdk")]),
    } | settings
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    command += ["--workers", str(workers), "--blocking-threads", "1", "--log-level", "warning"]
    command += ["--workers-kill-timeout", "2"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "config.wsgi:application"],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, process, home)
            yield address
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for(address: str, process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/healthz").raise_for_status()
            return
        time.sleep(0.1)
    raise AssertionError(f"The server did not start:\n{(home / 'server.log').read_text()}")


def _url_of_database() -> str:
    params = connection.get_connection_params()
    known = {name: str(params[name]) for name in ("host", "port", "user", "password") if params.get(name)}
    return f"postgresql:///{quote(str(params['dbname']))}?{urlencode(known, quote_via=quote)}"
