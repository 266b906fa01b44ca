"""This file lets you run web servers as the Procfile does, on a database of their own."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

BASE = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


@dataclass(frozen=True)
class Web:
    """A running server: its address, and the process that started its workers."""

    url: str
    pid: int

    def resident(self) -> list[float] | None:
        """Megabytes of memory that each worker holds, largest first; None where the system has no /proc."""
        if not Path("/proc/self/status").exists():
            return None
        return sorted((_resident(pid) for pid in _children(self.pid)), reverse=True)[:2]


@contextmanager
def serving(settings: str) -> Iterator[Web]:
    """The web server of the Procfile under these settings, on a free port, until the end."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    process = subprocess.Popen(
        _command(port),
        cwd=BASE,
        env={
            **os.environ,
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": os.pathsep.join([str(BASE), str(BASE / "sdk")]),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        },
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield Web(url, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _command(port: int) -> list[str]:
    values = {"PORT": str(port), "ASSAY_BIND": "127.0.0.1"}
    for line in (BASE / "Procfile").read_text().splitlines():
        if line.startswith("web:"):
            return [Template(word).substitute(values) for word in shlex.split(line.removeprefix("web:"))]
    raise LookupError("The Procfile names no web server.")


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("The web server does not answer.")


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has ended meanwhile
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
