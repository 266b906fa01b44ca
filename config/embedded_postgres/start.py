"""Start the server of a place, and see whether it runs."""

import os
import shlex
import socket
import time
from pathlib import Path

from config.embedded_postgres.place import SOCKET, Place, is_private, socket_folder
from config.unusable import DatabaseUnusable

# Seconds to wait: for recovery after a crash, and for the orphans of a killed server to notice and leave.
RECOVERY = 600
ORPHANS = 30

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Telemetry writes much, and in the order in which agents began: pages that it will write to again stay at hand, and
    # a checkpoint comes when a gigabyte or two is written, or after a quarter of an hour.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # A log of seven days, each overwritten a week later. No statement, parameter or refused value reaches it. What a
    # statement fails with is told to whoever sent it alone: it quotes a value that fits no enumeration or number.
    "log_min_messages": "log",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}
# For tests alone: a power cut may cost the whole cluster.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def running(place: Place) -> Path | None:
    """The socket folder of the server, if it runs and answers."""
    lines = _pid_file(place)
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    folder = Path(lines[4])
    if not is_private(folder, place.account):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(folder / SOCKET))
    except OSError:
        return None
    return folder


def start(place: Place, *, durable: bool) -> Path:
    """Start the server and wait until it answers; the socket's folder. Raises DatabaseUnusable."""
    folder = socket_folder(place)
    _forget_killed(place, folder)
    settings = SETTINGS | ({} if durable else NOT_DURABLE)
    settings["shared_buffers"] = f"{_buffers()}MB"
    settings["log_directory"] = str(place.cluster / "log")
    settings["unix_socket_directories"] = '"' + str(folder).replace('"', '""') + '"'
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    command: list[str | Path] = [
        *(place.programs / "pg_ctl", "start", "-w", "-t", str(RECOVERY), "-s"),
        # Relative to the cluster: pg_ctl hands these to a shell, which an odd path might confuse.
        *("-D", place.data.name, "-l", place.start_log.name, "-o", options),
    ]
    deadline = time.monotonic() + ORPHANS
    while True:
        place.start_log.unlink(missing_ok=True)
        before = time.time()
        if place.account.run(command, cwd=place.cluster).returncode == 0:
            return folder
        reason = _reason(place, before)
        if "still in use" not in reason or time.monotonic() > deadline:
            raise DatabaseUnusable(
                f"The embedded PostgreSQL did not start: {reason} (more in {place.cluster / 'log'})."
            )
        time.sleep(0.2)


def _buffers() -> int:
    """Megabytes: an eighth of the machine's memory, but enough to work with and no more than other work can spare."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return min(max(memory // 8, 128), 512)


def _pid_file(place: Place) -> list[str]:
    try:
        return (place.data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return []


def _forget_killed(place: Place, folder: Path) -> None:
    """Remove what a killed server left to say that it runs, where its number is a stranger's now or a zombie's.

    PostgreSQL would take either for a running server, and both are common in containers. What its shared memory says
    still guards the data.
    """
    for left in (place.data / "postmaster.pid", folder / f"{SOCKET}.lock"):
        try:
            number = int(left.read_text().splitlines()[0])
            status = Path("/proc", str(number), "status").read_text()
        except (IndexError, ValueError, OSError):
            continue
        if "Name:\tpostgres\n" not in status or "State:\tZ" in status or _works_elsewhere(number, place.data):
            left.unlink(missing_ok=True)


def _works_elsewhere(number: int, data: Path) -> bool:
    try:
        return Path("/proc", str(number), "cwd").readlink() != data.resolve()
    except OSError:
        return False


def _reason(place: Place, since: float) -> str:
    """Why the start failed: the last fatal line of what was logged after the time `since`."""
    logs = [place.start_log, *(place.cluster / "log").glob("*.log")]
    recent = sorted(
        (log for log in logs if log.exists() and log.stat().st_mtime >= since - 1), key=lambda log: log.stat().st_mtime
    )
    lines = [line for log in recent for line in log.read_text(errors="replace").splitlines()[-50:]]
    fatal = [line.split("FATAL:")[-1].strip() for line in lines if "FATAL:" in line]
    return (fatal or lines or ["it gave no reason"])[-1].rstrip(".")
