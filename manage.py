#!/usr/bin/env python3
"""Run one of Assay's commands: `./manage.py help` lists them."""

import os
import sys
from pathlib import Path

# The server runs the SDK's core from the source tree, so that both homes share one code.
sys.path.insert(1, str(Path(__file__).resolve().parent / "sdk"))

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.postgres.base import DatabaseUnusable


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except (DatabaseUnusable, ImproperlyConfigured) as error:
        sys.exit(f"assay: {error}")


if __name__ == "__main__":
    main()
