"""Real processes that use an embedded server, and what is left of them."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sysconfig.get_path("purelib")

# Prints how to connect, then lives until its input ends.
USER = """
import json, sys
from pathlib import Path
from config.embedded_postgres.ensure import ensure
print(json.dumps(ensure(Path(sys.argv[1]), durable=sys.argv[2] == "durable")), flush=True)
sys.stdin.read()
"""


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "DATABASE_", "DJANGO_"))
    }
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "sdk"), PACKAGES])} | more


def python(*prefix: str) -> str:
    """A Python that runs behind `prefix`, which may drop privileges: ours, or the system's of the same version."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/python{version}"):
        # By a shell: setpriv itself still has root's powers when it executes its program.
        command = [*prefix, "sh", "-c", 'exec "$0" -c ""', program]
        tried = subprocess.run(command, capture_output=True, check=False, cwd="/")
        if tried.returncode == 0:
            return program
    pytest.skip(f"No Python {version} here that can be run behind {' '.join(prefix)}.")


@contextlib.contextmanager
def using(home: Path, *prefix: str, durable: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process that uses the server of `home` while the block lasts; its first line of output says how to connect."""
    process = subprocess.Popen(
        [*prefix, python(*prefix), "-c", USER, str(home), "durable" if durable else "fast"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd="/",
    )
    with process:
        yield process
        with contextlib.suppress(BrokenPipeError):
            process.communicate(timeout=120)


def server_number(home: Path) -> int:
    """The process number of the server of `home`."""
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def processes_of(home: Path) -> dict[int, str]:
    """The living processes that have to do with `home`: by their command line or their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) in (os.getpid(), os.getppid()):
            continue
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            if os.fsencode(home) in words or os.fsencode(home) in (folder / "environ").read_bytes():
                found[int(folder.name)] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def assert_nothing_lives(home: Path) -> None:
    """Nothing that has to do with `home` is left. Who has let go of everything may yet take a moment to be gone: a
    keeper that has stopped its server, or whoever was killed this instant."""
    assert wait_until(lambda: not processes_of(home)), processes_of(home)


def parent_of(number: int) -> int:
    """The process that started this one; 0 when it is gone already."""
    return int(_status_of(number)[1])


def is_alive(number: int) -> bool:
    return _status_of(number)[0] not in "XZ"


def children_of(number: int) -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if parent_of(int(folder.name)) == number]


def _status_of(number: int) -> list[str]:
    """State, parent and so on, as the kernel tells them; those of a dead process when it is gone already."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["X", "0"]


def wait_until(true: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def kill_tree(number: int) -> None:
    """SIGKILL a process and all its children, at once."""
    for victim in (number, *children_of(number)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)


@contextlib.contextmanager
def port_of_ones_own() -> Iterator[int]:
    """A port that nobody else is given while the block lasts: it is bound all the while, and not listened on. Whoever
    knocks is refused, until a server that is willing to share its port, as ours is, listens on it."""
    with socket.socket() as holder:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            holder.setsockopt(socket.SOL_SOCKET, option, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port


def nobody() -> tuple[str, ...]:
    """The words before a command that run it as an unprivileged user; skips where we are not root ourselves."""
    if os.geteuid() != 0:
        pytest.skip("Only root can become another user.")
    entry = pwd.getpwnam("nobody")
    return ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")
