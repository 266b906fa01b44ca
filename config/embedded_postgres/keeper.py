"""Stop the server when its last user has left, however it left. Run as a program; imports the standard library alone.

Every process that uses the server holds a shared lock on one file, which the kernel takes back even from a killed
process. The keeper waits for the exclusive lock on it, which nobody else then holds, and stops the server.

    keeper.py <file of the users' lock> <descriptor of its own lock> <uid> <gid> <folder to remove> <pg_ctl stop ...>
"""

import contextlib
import fcntl
import os
import subprocess
import sys


def main() -> None:
    users = os.open(sys.argv[1], os.O_RDWR | os.O_CLOEXEC)
    own = int(sys.argv[2])
    fcntl.flock(users, fcntl.LOCK_EX)
    uid, gid = int(sys.argv[3]), int(sys.argv[4])
    leaves_root = uid != os.geteuid()
    for mode in ("fast", "immediate"):
        stopped = subprocess.run(  # noqa: S603
            [*sys.argv[6:], "-m", mode],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            user=uid if leaves_root else None,
            group=gid if leaves_root else None,
            extra_groups=[] if leaves_root else None,
        )
        if stopped.returncode == 0:
            break
    if sys.argv[5]:
        with contextlib.suppress(OSError):
            os.rmdir(sys.argv[5])
    # In this order: who finds the users' lock free must find no keeper either.
    os.close(own)
    os.close(users)


if __name__ == "__main__":
    main()
