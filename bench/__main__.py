"""Print the benchmarks: `python -m bench`, or `python -m bench experiments` for those of one section."""

import os
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
SECTIONS = ["speed", "experiments", "agents", "agents_reading", "stats"]


def main() -> None:
    """Run all of it on a database of its own."""
    sys.path[:0] = [str(BASE), str(BASE / "sdk")]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        for name in ("DATABASE_URL", "ASSAY_URL", "ASSAY_ALLOW_HTTP", "ASSAY_BIND", "DEBUG"):
            os.environ.pop(name, None)
        os.environ |= {"ASSAY_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import_module("django").setup()
        show = sys.stdout.write
        show(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}\n\n")
        show(f"{import_module('bench.row').HEAD}\n")
        for section in sys.argv[1:] or SECTIONS:
            for row in import_module(f"bench.{section}").rows():
                show(f"{row}\n")
                sys.stdout.flush()
        _stop(Path(home))


def _stop(home: Path) -> None:
    """The database must have ended before its folder goes."""
    connection = import_module("django.db").connection
    connection.close()
    connection.close_pool()
    import_module("config.embedded_postgres.ensure").leave(home)


main()
