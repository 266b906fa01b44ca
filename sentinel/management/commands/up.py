"""Start everything as one: the database, the web server and the worker."""

import os
import shlex
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.postgres.base import DatabaseWrapper
from config.supervise import supervise
from sentinel.prepare import FirstEntry, prepare


class Command(BaseCommand):
    help = "Start database, web server and worker, and stop them together on Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_taken_port()
        made = prepare()
        for connection in connections.all(initialized_only=True):
            connection.close()
            if isinstance(connection, DatabaseWrapper):
                connection.close_pool()
        greeting = threading.Thread(target=self._greet, args=[made], daemon=True)
        reasons = supervise(
            _programs(), cwd=settings.BASE_DIR, env=_environment(), output=sys.stdout.fileno(), started=greeting.start
        )
        if reasons:
            raise CommandError(f"{'; '.join(reasons)}. Everything else was stopped.")

    def _greet(self, made: FirstEntry | None) -> None:
        """Say where Assay is and how to enter, once it answers."""
        while not _answers():
            time.sleep(0.1)
        lines = ["", f"Assay is ready: {settings.ASSAY_URL}/admin/"]
        if made:
            lines += [
                f"  user      {made.username}",
                f"  password  {made.password}",
                f"  API key   {made.key}",
                "Password and key are kept nowhere and shown only now.",
            ]
        else:
            lines += [
                "Password and API key were shown at the first start. New ones:",
                "  .venv/bin/python manage.py changepassword admin",
                "  .venv/bin/python manage.py create_key --project default --role owner",
            ]
        self.stdout.write("\n".join([*lines, "Ctrl-C stops everything.", ""]))
        self.stdout.flush()


def _programs() -> dict[str, list[str]]:
    """The commands of the Procfile, by name."""
    values = {**os.environ, "PORT": str(settings.PORT), "ASSAY_BIND": settings.BIND}
    lines = (Path(settings.BASE_DIR) / "Procfile").read_text().splitlines()
    pairs = (line.partition(":")[::2] for line in lines if line.strip() and not line.startswith("#"))
    return {
        name.strip(): [Template(word).substitute(values) for word in shlex.split(command)] for name, command in pairs
    }


def _environment() -> dict[str, str]:
    base = Path(settings.BASE_DIR)
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join([str(base), str(base / "sdk")]),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "ASSAY_HOME": str(settings.ASSAY_HOME),
    }


def _refuse_taken_port() -> None:
    # Two servers could share the port without a word: ours asks the kernel to let its own processes do so.
    with socket.socket(socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((settings.BIND, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Port {settings.PORT} of {settings.BIND} is not free ({error.strerror}): "
                "is Assay running already? Else choose another one with PORT=…"
            ) from None


def _answers() -> bool:
    host = "127.0.0.1" if settings.BIND == "0.0.0.0" else settings.BIND  # noqa: S104
    request = urllib.request.Request(f"http://{host}:{settings.PORT}/healthz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
