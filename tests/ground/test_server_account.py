"""As whom the server runs, when root starts it and when somebody else does."""

import hashlib
import json
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.ground.processes import assert_nothing_lives, nobody, server_number, using

DAC_READ_SEARCH = 1 << 2
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="What root may do is tried by root only.")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may pass: those that pytest makes are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="assay-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def status_of(number: int) -> dict[str, str]:
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def modes_above(folder: Path) -> dict[Path, int]:
    return {parent: stat.S_IMODE(parent.stat().st_mode) for parent in (folder, *folder.parents)}


@as_root
def test_started_by_root_it_runs_as_an_unprivileged_user(open_folder: Path) -> None:
    home = open_folder / "home"
    with using(home) as user:
        assert user.stdout is not None
        assert user.stdout.readline()
        status = status_of(server_number(home))
        entry = pwd.getpwnam("assay")
        assert status["Uid"].split() == [str(entry.pw_uid)] * 4
        assert status["Gid"].split() == [str(entry.pw_gid)] * 4
        assert status["Groups"] == ""
        assert (home / "postgres" / "data").stat().st_uid == entry.pw_uid


@as_root
def test_it_passes_closed_folders_by_one_capability_and_opens_none(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    before = modes_above(closed)
    home = closed / "home"
    with using(home) as user:
        assert user.stdout is not None
        with psycopg.connect(**json.loads(user.stdout.readline())) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        status = status_of(server_number(home))
        assert int(status["CapEff"], 16) == DAC_READ_SEARCH
        assert int(status["CapBnd"], 16) == DAC_READ_SEARCH
        assert status["NoNewPrivs"] == "1"
        assert pwd.getpwuid(int(status["Uid"].split()[0])).pw_name == "assay"
    assert modes_above(closed) == before
    assert_nothing_lives(home)


@as_root
def test_without_that_capability_its_data_lies_under_var_lib_and_one_sentence_says_so(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    before = modes_above(closed)
    home = closed / "home"
    elsewhere = Path("/var/lib/assay") / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    try:
        with using(home, "setpriv", "--bounding-set=-dac_read_search", "--inh-caps=-dac_read_search") as user:
            assert user.stdout is not None
            assert user.stderr is not None
            params = json.loads(user.stdout.readline())
            assert user.stderr.readline() == (
                f"The folders above {home} are closed to PostgreSQL's user, so its data lies in {elsewhere}.\n"
            )
            with psycopg.connect(**params) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            assert (elsewhere / "data" / "PG_VERSION").exists()
        # Data stays where it is, though the capability could be had now.
        with using(home) as user:
            assert user.stdout is not None
            with psycopg.connect(**json.loads(user.stdout.readline())) as connection:
                assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert modes_above(closed) == before
        assert_nothing_lives(elsewhere)
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


def test_started_by_an_unprivileged_user_it_runs_as_that_user(open_folder: Path) -> None:
    prefix = nobody()
    entry = pwd.getpwnam("nobody")
    folder = open_folder / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    home = folder / "home"
    with using(home, *prefix) as user:
        assert user.stdout is not None
        with psycopg.connect(**json.loads(user.stdout.readline())) as connection:
            assert connection.execute("SELECT '[1]'::vector::text").fetchone() == ("[1]",)
        status = status_of(server_number(home))
        assert status["Uid"].split() == [str(entry.pw_uid)] * 4
        assert int(status["CapEff"], 16) == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert_nothing_lives(home)
    # Root may start it later: it stays the database of its owner.
    with using(home) as user:
        assert user.stdout is not None
        assert user.stdout.readline()
        assert status_of(server_number(home))["Uid"].split() == [str(entry.pw_uid)] * 4


def test_a_home_of_another_user_is_one_clear_sentence(open_folder: Path) -> None:
    prefix = nobody()
    home = open_folder / "home"
    with using(home) as user:
        assert user.stdout is not None
        assert user.stdout.readline()
    with using(home, *prefix) as user:
        assert user.stdout is not None
        assert user.stderr is not None
        assert user.stdout.readline() == ""
        assert "may not be used by this user" in user.stderr.read().splitlines()[-1]
