"""Make sure that the embedded server runs for as long as this process does."""

import atexit
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded_postgres import keeper
from config.embedded_postgres.cluster import DATABASE, ROLE, make_cluster, prepare
from config.embedded_postgres.place import Place, make_home
from config.embedded_postgres.place import place as place_of
from config.embedded_postgres.start import running, start
from config.unusable import DatabaseUnusable

# Per home: our share in the server (a descriptor; a forked child inherits it and so shares it too) and how to connect.
_held: dict[Path, int] = {}
_known: dict[Path, dict[str, str]] = {}
_places: dict[Path, Place] = {}
_guard = threading.Lock()
# Held, so that nobody warns of programs left running: the keeper is meant to.
_keepers: list["subprocess.Popen[bytes]"] = []


def ensure(home: Path, *, durable: bool = True, again: bool = False) -> dict[str, str]:
    """Start the server of `home` unless it runs, and keep it until this process and all its forks have ended.

    Processes that come at once share one server. `again` looks anew, for who found the server gone. `durable=False` is
    for tests. Returns host (a socket's folder), user, password and dbname. Raises DatabaseUnusable.
    """
    with _guard:
        if again or home not in _known:
            try:
                _known[home] = _ensure(home, durable=durable)
            except PermissionError as error:
                raise DatabaseUnusable(
                    f"{error.filename} may not be used by this user: start Assay as its owner, or set ASSAY_HOME."
                ) from None
            except OSError as error:
                told = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
                raise DatabaseUnusable(f"No database can be kept in {home} ({told}): set ASSAY_HOME.") from None
        return dict(_known[home])


def leave(home: Path, *, seconds: float = 60) -> None:
    """Give back this process's share; when it was the last one, wait until the server has stopped."""
    with _guard:
        _known.pop(home, None)
        share = _held.pop(home, None)
    if share is None:
        return
    os.close(share)
    if not _others_use(home):
        _wait_for_keeper(home, seconds)


def _ensure(home: Path, *, durable: bool) -> dict[str, str]:
    make_home(home)
    if home not in _held:
        # Waits while a keeper stops the server; from here on none will.
        _held[home] = _lock(home / "postgres.users", fcntl.LOCK_SH)
        atexit.register(_leave_at_exit, home, os.getpid())
    with _locked(home / "postgres.start"):
        place = _places.get(home) or _places.setdefault(home, place_of(home))
        make_cluster(place, durable=durable)
        host = running(place)
        if host is None:
            prepare(place)
            host = start(place, durable=durable)
        try:
            _keep(place, host)
        except OSError:
            # Better no server than one that nobody will stop.
            place.account.run(_stopping(place))
            raise
    password = (home / "postgres.password").read_text().strip()
    return {"host": str(host), "user": ROLE, "password": password, "dbname": DATABASE}


def _keep(place: Place, host: Path) -> None:
    """Start a keeper unless there is one. It inherits its lock, so that there is no moment without."""
    # A socket's folder among other people's temporary files goes when the server goes.
    passing = "" if host.is_relative_to(place.cluster) else str(host)
    own = os.open(place.home / "postgres.keeper", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        account = place.account
        stop = account.command(*_stopping(place))
        uid, gid = (account.uid, account.gid) if account.drops and not account.lends else (os.geteuid(), os.getegid())
        program = [sys.executable, "-I", "-S", keeper.__file__, str(place.home / "postgres.users")]
        process = subprocess.Popen(  # noqa: S603
            [*program, str(own), str(uid), str(gid), passing, *stop],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            pass_fds=[own],
        )
        _keepers[:] = [process, *(earlier for earlier in _keepers if earlier.poll() is None)]
    finally:
        os.close(own)


def _stopping(place: Place) -> list[str | Path]:
    return [place.programs / "pg_ctl", "stop", "-s", "-w", "-t", "60", "-D", place.data]


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _is_free(path: Path, kind: int) -> bool:
    try:
        os.close(_lock(path, kind | fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _others_use(home: Path) -> bool:
    # Free for a share and not for all of it: somebody else holds a share.
    users = home / "postgres.users"
    return not _is_free(users, fcntl.LOCK_EX) and _is_free(users, fcntl.LOCK_SH)


def _wait_for_keeper(home: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _is_free(home / "postgres.keeper", fcntl.LOCK_SH) and time.monotonic() < deadline:
        time.sleep(0.02)


def _leave_at_exit(home: Path, process: int) -> None:
    # A forked child that ends leaves its parent's share alone: closing its copy is all it does, and that by ending.
    if os.getpid() == process:
        leave(home)


# A fork waits until no thread is in the middle of this, or its child would wait for that thread for ever.
os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_guard.release)
