"""Decide as whom the server runs, and run its programs so.

PostgreSQL refuses to run as root. Started by root, its programs run as an unprivileged user, and where folders on the
way are closed to that user they are lent the one capability to pass them, CAP_DAC_READ_SEARCH.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.unusable import DatabaseUnusable

USER = "assay"


@dataclass(frozen=True)
class Account:
    """As whom the server's programs run: `drops` when that is not who we are, `lends` when with the capability."""

    uid: int
    gid: int
    drops: bool = False
    lends: bool = False

    def command(self, *arguments: str | Path) -> list[str]:
        """The words to execute for a program with its arguments; raises FileNotFoundError where setpriv is missing."""
        words = [str(argument) for argument in arguments]
        if not self.lends:
            return words
        setpriv = _program("setpriv")
        if setpriv is None:
            raise FileNotFoundError("setpriv")
        capability = "-all,+dac_read_search"
        return [
            setpriv,
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--no-new-privs",
            f"--inh-caps={capability}",
            f"--ambient-caps={capability}",
            f"--bounding-set={capability}",
            # access(2) ignores the capabilities of who is not root, unless this bit is set; PostgreSQL asks access(2)
            # whether it may read its own program.
            "--securebits=+no_setuid_fixup,+no_setuid_fixup_locked",
            *words,
        ]

    def run(
        self, arguments: Sequence[str | Path], *, text: str = "", cwd: Path = Path("/")
    ) -> subprocess.CompletedProcess[str]:
        """Run one program to its end, with `text` as its input and a clean environment; any exit code is an answer."""
        leaves_root = self.drops and not self.lends
        return subprocess.run(  # noqa: S603
            self.command(*arguments),
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd=cwd,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=self.uid if leaves_root else None,
            group=self.gid if leaves_root else None,
            extra_groups=[] if leaves_root else None,
        )


def unprivileged() -> pwd.struct_passwd:
    """The system user that the server runs as when root starts it; made when there is none."""
    if _entry() is None:
        _make()
    entry = _entry()
    if entry is None or entry.pw_uid == 0:
        raise DatabaseUnusable(
            f"PostgreSQL refuses to run as root and the system user {USER} could not be made: "
            "start Assay as another user, or set DATABASE_URL."
        )
    return entry


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _make() -> None:
    no_login = _program("nologin") or "/bin/false"
    # The one of shadow, known everywhere but to BusyBox, and the one of BusyBox.
    useradd = ("useradd", "-r", "-U", "-M", "-d", "/nonexistent", "-s", no_login)
    adduser = ("adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", no_login)
    for command in (useradd, adduser):
        program = _program(command[0])
        if program is None:
            continue
        done = subprocess.run([program, *command[1:], USER], capture_output=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return


def _program(name: str) -> str | None:
    """Where a program of the system is, also for who has an unusual search path."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin")
