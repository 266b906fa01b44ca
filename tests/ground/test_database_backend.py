"""What Django's connections do on the embedded server, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ground.processes import ROOT, environment

DJANGO = """
import json, os, signal, sys, time
from pathlib import Path
import django
from django.conf import settings
home = Path(sys.argv[1])
settings.configure(
    ASSAY_HOME=home, DATABASE_URL="", DATABASE_DURABLE=True, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "config.postgres", "OPTIONS": json.loads(sys.argv[2])}},
)
django.setup()
from django.db import OperationalError, connection
def ask(question="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]
"""
POOLED = {"pool": {"min_size": 1, "max_size": 2, "timeout": 10}}


def says(home: Path, options: object, code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", DJANGO + code, str(home), json.dumps(options)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("options", [{}, POOLED], ids=["plain", "pooled"])
def test_it_connects_as_the_role_of_the_embedded_server(tmp_path: Path, options: object) -> None:
    assert says(tmp_path / "home", options, "print(ask('SELECT current_user'), connection.pg_version // 10000)") == [
        "assay 18"
    ]


@pytest.mark.parametrize("options", [{}, POOLED], ids=["plain", "pooled"])
def test_a_fork_has_connections_of_its_own(tmp_path: Path, options: object) -> None:
    code = """
mine = ask("SELECT pg_backend_pid()")
if (child := os.fork()) == 0:
    print(ask("SELECT pg_backend_pid()") != mine, flush=True)
    sys.exit(0)
os.waitpid(child, 0)
print(ask("SELECT pg_backend_pid()") == mine)
"""
    assert says(tmp_path / "home", options, code) == ["True", "True"]


@pytest.mark.parametrize("options", [{}, POOLED], ids=["plain", "pooled"])
def test_a_fork_that_ends_leaves_the_server_to_its_parent(tmp_path: Path, options: object) -> None:
    code = """
ask()
if (child := os.fork()) == 0:
    ask()
    sys.exit(0)
os.waitpid(child, 0)
time.sleep(0.5)
connection.close()
print(ask())
"""
    assert says(tmp_path / "home", options, code) == ["1"]


@pytest.mark.parametrize("options", [{}, POOLED], ids=["plain", "pooled"])
def test_a_killed_server_is_started_again_by_who_misses_it(tmp_path: Path, options: object) -> None:
    code = """
from tests.ground.processes import children_of, is_alive, server_number, wait_until
ask("SELECT 1")
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE kept AS SELECT 7 AS number")
server = server_number(home)
killed = [server, *children_of(server)]
os.kill(server, signal.SIGKILL)
# Its children serve on until they notice.
assert wait_until(lambda: not any(map(is_alive, killed)))
missed = 0
for _ in range(20):
    try:
        print(ask("SELECT number FROM kept"))
        break
    except OperationalError:
        missed += 1
        connection.close()
print(1 <= missed <= 3)
"""
    assert says(tmp_path / "home", options, code) == ["7", "True"]


def test_importing_it_starts_nothing(tmp_path: Path) -> None:
    assert says(tmp_path / "home", {}, "print(connection.vendor, home.exists())") == ["postgresql False"]


def test_dbshell_needs_no_psql_of_the_system(tmp_path: Path) -> None:
    code = """
os.environ["PATH"] = "/nowhere"
connection.client.runshell(["-Atc", "SELECT current_user"])
"""
    home = tmp_path / "home"
    assert says(home, POOLED, code) == ["assay"]
    assert (home / "postgres" / "data").exists()
