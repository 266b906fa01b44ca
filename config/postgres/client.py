"""The shell of `manage.py dbshell`, also where no psql is installed: the embedded server brings one."""

import shutil
import signal
import subprocess
from collections.abc import Iterable
from os import environ

from django.db.backends.postgresql import client

from config.embedded_postgres.binaries import installed


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        found = self.connection.get_connection_params()
        reached = {name.upper(): found[name] for name in ("host", "user", "password") if name in found}
        settings = {**self.connection.settings_dict, **reached}
        arguments, variables = self.settings_to_cmd_args_env(settings, list(parameters))
        program = shutil.which(self.executable_name) or str(installed() / "bin" / self.executable_name)
        # Ctrl-C is for the query, not for us.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            subprocess.run([program, *arguments[1:]], env={**environ, **(variables or {})}, check=True)  # noqa: S603
        finally:
            signal.signal(signal.SIGINT, before)
