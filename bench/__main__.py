"""Print the benchmarks: `python -m bench`, or `python -m bench speed` for the quick ones alone."""

import os
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run what was asked for, each in a world of its own."""
    sections = sys.argv[1:] or ["speed"]
    sys.path[:0] = [str(BASE), str(BASE / "sdk")]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        for name in ("DATABASE_URL", "ASSAY_URL", "ASSAY_ALLOW_HTTP", "ASSAY_BIND", "DEBUG"):
            os.environ.pop(name, None)
        os.environ |= {"ASSAY_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import_module("django").setup()
        show = sys.stdout.write
        show(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}\n\n")
        show(f"{import_module('bench.row').HEAD}\n")
        for section in sections:
            for row in import_module(f"bench.{section}").rows():
                show(f"{row}\n")
                sys.stdout.flush()


main()
