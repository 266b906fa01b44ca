"""Open the private folder in which one url and key keep their bundle and their outbox."""

import hashlib
import os
import stat
from pathlib import Path

import platformdirs

from assay.notices import warn

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def open_folder(cache_dir: Path | None, url: str, key: str) -> Path | None:
    """Return the folder, made when it is not there yet, or None (with a warning) when this process must do without.

    Its name is a digest of url and key, so two projects never read each other's bundle. It is used only if it is a
    real folder, belongs to this user and is closed to everybody else.
    """
    name = hashlib.sha256(f"{url}\0{key}".encode()).hexdigest()[:32]
    root = cache_dir if cache_dir is not None else Path(platformdirs.user_cache_dir("assay", appauthor=False))
    folder = root / name
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        reason = _why_not_private(folder)
        if reason is None and not os.access(folder, os.W_OK | os.X_OK):
            reason = "is not writable"
    except OSError as error:
        reason = f"cannot be used ({error.strerror or type(error).__name__})"
    if reason is None:
        return folder
    warn(f"The cache folder {root} {reason}: the bundle and unsent reports are kept in memory only.")
    return None


def _why_not_private(folder: Path) -> str | None:
    if not hasattr(os, "geteuid"):  # Windows: a profile's folders are private by inheritance
        return None
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "is not a folder"
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    if found.st_mode & 0o077:
        folder.chmod(PRIVATE_FOLDER)
    return None
