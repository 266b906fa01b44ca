"""Decide where a home's cluster, programs and socket lie, and as whom its server runs."""

import hashlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded_postgres import binaries
from config.embedded_postgres.account import Account, unprivileged
from config.unusable import DatabaseUnusable

# A socket's whole path may have 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET = 103
SOCKET = ".s.PGSQL.5432"
ELSEWHERE = Path("/var/lib/assay")


@dataclass(frozen=True)
class Place:
    home: Path
    cluster: Path  # ours: holds `data`, `log` and, where its path is short enough, the socket
    programs: Path  # the folder of initdb, pg_ctl and postgres
    account: Account

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def start_log(self) -> Path:
        return self.cluster / "start.log"


def place(home: Path) -> Place:
    """Where the cluster of `home` lies; makes its folder on first use. Raises DatabaseUnusable."""
    make_home(home)
    if os.geteuid() != 0:
        return _own(home)
    return _as_root(home)


def make_home(home: Path) -> None:
    """Make `home` when it is not there: root's may be passed, not listed, by the user that the server runs as."""
    if home.is_dir():
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)


def _own(home: Path) -> Place:
    account = Account(os.geteuid(), os.getegid())
    cluster = home / "postgres"
    cluster.mkdir(mode=0o700, exist_ok=True)
    if cluster.stat().st_uid != account.uid:
        raise DatabaseUnusable(f"The database in {cluster} belongs to another user: start Assay as that user.")
    return Place(home, cluster, binaries.installed() / "bin", account)


def _as_root(home: Path) -> Place:
    near, far = home / "postgres", ELSEWHERE / hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    if far.exists():
        return _elsewhere(home, far)
    made = not near.exists()
    account = _owner(near)
    _make_owned(near, account)
    programs = binaries.installed() / "bin"
    for lends in (False, True):
        candidate = Account(account.uid, account.gid, drops=True, lends=lends)
        if _serves(candidate, programs, near):
            return Place(home, near, programs, candidate)
    if not made:
        raise DatabaseUnusable(f"The user of the database in {near} may no longer reach it: open the folders above it.")
    near.rmdir()
    return _elsewhere(home, far)


def _owner(cluster: Path) -> Account:
    """Whose cluster it is that root starts here: its owner's, else that of the unprivileged user."""
    if cluster.exists() and (owner := cluster.stat(follow_symlinks=False)).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, drops=True)
    entry = unprivileged()
    return Account(entry.pw_uid, entry.pw_gid, drops=True)


def _make_owned(folder: Path, account: Account) -> None:
    """Make the folder unless it is there; root's own is taken over, for somebody was interrupted between the two."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat(follow_symlinks=False).st_uid != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _serves(account: Account, programs: Path, cluster: Path) -> bool:
    """Whether the account can run the programs and read the cluster's folder: tried, not guessed."""
    try:
        found = account.run([programs / "pg_config", "--bindir"])
        # A missing control file is the answer of who may look; who may not is told "Permission denied".
        looked = account.run([programs / "pg_controldata", "-D", cluster])
    except (PermissionError, FileNotFoundError):
        return False
    return found.returncode == 0 and "Permission denied" not in looked.stderr


def _elsewhere(home: Path, cluster: Path) -> Place:
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    account = _owner(cluster)
    _make_owned(cluster, account)
    programs = binaries.copied_below(ELSEWHERE) / "bin"
    if not _serves(account, programs, cluster):
        raise DatabaseUnusable(f"The user that PostgreSQL must run as may not reach {ELSEWHERE}: set DATABASE_URL.")
    sys.stderr.write(f"The folders above {home} are closed to PostgreSQL's user, so its data lies in {cluster}.\n")
    return Place(home, cluster, programs, account)


def socket_folder(chosen: Place) -> Path:
    """A folder of mode 0700 that belongs to the server's user, short enough for a socket's path; made when missing."""
    inside = chosen.cluster / "socket"
    if len(os.fsencode(inside / SOCKET)) <= LONGEST_SOCKET:
        _make_owned(inside, chosen.account)
        return inside
    name = hashlib.sha256(os.fsencode(chosen.cluster.resolve())).hexdigest()[:16]
    folder = Path("/tmp") / f"assay-{chosen.account.uid}-{name}"  # noqa: S108 - checked below against squatters
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, chosen.account.uid, chosen.account.gid, follow_symlinks=False)
    except FileExistsError:
        if not is_private(folder, chosen.account):
            folder = Path(tempfile.mkdtemp(prefix="assay-", dir="/tmp"))
            os.chown(folder, chosen.account.uid, chosen.account.gid, follow_symlinks=False)
    return folder


def is_private(folder: Path, account: Account) -> bool:
    """Whether it is a folder, no link, that only the account (and root) may enter."""
    try:
        found = folder.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700
