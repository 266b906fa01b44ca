import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.ground.postgres_twin import postgres_twin
from tests.ground.processes import ROOT, environment, port_of_ones_own, using

PASSWORD = "correct-horse"


def refused(url: str, home: Path, *command: str) -> str:
    """The one sentence with which a command refuses to start on the database `url`."""
    words = command or (str(ROOT / "manage.py"), "migrate")
    done = subprocess.run(
        [sys.executable, *words],
        env=environment(DATABASE_URL=url, ASSAY_HOME=str(home), DJANGO_SETTINGS_MODULE="config.settings"),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 1, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    (sentence,) = done.stderr.splitlines()
    assert not (home / "postgres").exists()
    return sentence


def test_it_says_that_a_server_cannot_be_reached(tmp_path: Path) -> None:
    with port_of_ones_own() as port:
        sentence = refused(f"postgresql://assay:{PASSWORD}@127.0.0.1:{port}/assay", tmp_path)
    assert sentence.startswith("assay: The PostgreSQL at 127.0.0.1 cannot be used: ")
    assert sentence.endswith("Connection refused.")


def test_it_says_that_a_host_is_unknown(tmp_path: Path) -> None:
    sentence = refused(f"postgresql://assay:{PASSWORD}@database.invalid/assay", tmp_path)
    assert sentence.startswith("assay: The PostgreSQL at database.invalid cannot be used: ")


def test_it_says_that_a_server_is_too_old(tmp_path: Path) -> None:
    with postgres_twin("15.7 (Debian 15.7-1)", (True, True, True)) as port:
        sentence = refused(f"postgresql://assay:{PASSWORD}@127.0.0.1:{port}/assay", tmp_path)
    assert sentence == "assay: The PostgreSQL at 127.0.0.1 is version 15, and Assay needs 16 or later."


def test_it_says_that_pgvector_is_missing(tmp_path: Path) -> None:
    with postgres_twin("17.2", (False, False, False)) as port:
        sentence = refused(f"postgresql://assay:{PASSWORD}@127.0.0.1:{port}/assay", tmp_path)
    assert sentence == "assay: The PostgreSQL at 127.0.0.1 lacks pgvector: install the extension `vector` there."


def test_it_says_that_the_role_may_not_enable_pgvector(tmp_path: Path) -> None:
    with postgres_twin("16.0", (False, True, False)) as port:
        sentence = refused(f"postgresql://assay:{PASSWORD}@127.0.0.1:{port}/assay", tmp_path)
    assert "let a superuser run `CREATE EXTENSION vector`" in sentence


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://assay:{PASSWORD}@127.0.0.1/assay",
        f"{PASSWORD}",
        f"postgresql://assay:{PASSWORD}@127.0.0.1:70 00/assay",
        f"postgresql://assay:{PASSWORD}%zz@127.0.0.1/assay",
        f"postgresql://assay:{PASSWORD}@127.0.0.1/assay?no_such_option=1",
    ],
)
def test_it_says_that_an_address_is_none(tmp_path: Path, url: str) -> None:
    assert refused(url, tmp_path).startswith("assay: DATABASE_URL is no PostgreSQL address")


def test_it_says_that_an_address_names_no_database(tmp_path: Path) -> None:
    assert refused(f"postgresql://assay:{PASSWORD}@127.0.0.1", tmp_path).startswith(
        "assay: DATABASE_URL names no database"
    )


def test_a_web_process_says_the_same(tmp_path: Path) -> None:
    with port_of_ones_own() as port:
        url = f"postgresql://assay:{PASSWORD}@127.0.0.1:{port}/assay"
        assert refused(url, tmp_path, "-c", "import config.wsgi").endswith("Connection refused.")


def test_it_says_that_a_password_is_wrong_without_showing_it(tmp_path: Path) -> None:
    with using(tmp_path / "server") as user:
        assert user.stdout is not None
        host = json.loads(user.stdout.readline())["host"]
        sentence = refused(f"postgresql://assay:{PASSWORD}@/assay?{urlencode({'host': host})}", tmp_path / "home")
    assert "password authentication failed" in sentence


def test_it_uses_a_server_that_can_serve(tmp_path: Path) -> None:
    with using(tmp_path / "server") as user:
        assert user.stdout is not None
        found = json.loads(user.stdout.readline())
        url = f"postgresql://assay:{quote(found['password'])}@/assay?{urlencode({'host': found['host']})}"
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--plan"],
            env=environment(DATABASE_URL=url, ASSAY_HOME=str(tmp_path / "home")),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 0, done.stderr
    assert "sentinel.0001_initial" in done.stdout
    assert not (tmp_path / "home" / "postgres").exists()
