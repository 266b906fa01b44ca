import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.ground.processes import (
    assert_nothing_lives,
    environment,
    is_alive,
    kill_tree,
    parent_of,
    processes_of,
    server_number,
    using,
    wait_until,
)


def connection_of(user: Any) -> dict[str, str]:
    line = user.stdout.readline()
    assert line, user.stderr.read()
    params: dict[str, str] = json.loads(line)
    return params


@dataclass(frozen=True)
class Running:
    home: Path
    params: dict[str, str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of its own that runs for all tests that only look at one."""
    home = tmp_path_factory.mktemp("running") / "home"
    with using(home) as user:
        yield Running(home, connection_of(user))


def test_it_starts_a_postgresql_18_with_pgvector(running: Running) -> None:
    with psycopg.connect(**running.params) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'").fetchone() == (2.0,)


def test_its_role_owns_its_database_and_is_no_superuser(running: Running) -> None:
    with psycopg.connect(**running.params) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert role.fetchone() == (False, False, False, False)
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = 'assay'"
        )
        assert owner.fetchone() == (True,)


def test_its_role_can_create_a_test_database_with_pgvector_in_it(running: Running) -> None:
    with psycopg.connect(**running.params, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_assay")
    with psycopg.connect(**running.params | {"dbname": "test_assay"}) as connection:
        assert connection.execute("SELECT '[3]'::vector::text").fetchone() == ("[3]",)


def test_nobody_connects_as_superuser_or_without_the_password(running: Running) -> None:
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(**running.params | {"user": "postgres"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**running.params | {"password": "a guess"})


def test_it_listens_on_a_private_socket_and_nowhere_else(running: Running) -> None:
    assert stat.S_IMODE(os.stat(running.params["host"]).st_mode) == 0o700
    inodes = set()
    for fd in Path(f"/proc/{server_number(running.home)}/fd").iterdir():
        # What is open for a moment only is no socket that it listens on.
        with contextlib.suppress(FileNotFoundError):
            link = os.readlink(fd)
            if link.startswith("socket:["):
                inodes.add(link.removeprefix("socket:[").removesuffix("]"))
    assert inodes
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        assert not inodes & {line.split()[9] for line in lines}


def test_its_secrets_are_readable_by_their_owner_only(running: Running) -> None:
    assert stat.S_IMODE((running.home / "postgres.password").stat().st_mode) == 0o600
    assert stat.S_IMODE((running.home / "postgres").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a folder with spaces", 'quo\'te "and" $HOME;', "größe", "long/" + "l" * 120])
def test_it_serves_from_any_path(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    with using(home) as user, psycopg.connect(**connection_of(user)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        host = Path(connection.info.host)
    assert_nothing_lives(home)
    assert host.is_relative_to(home) or not host.exists()


def test_it_takes_no_socket_folder_that_somebody_else_laid_out(tmp_path: Path) -> None:
    home = tmp_path / ("l" * 120)
    with using(home) as user:
        usual = Path(connection_of(user)["host"])
    usual.mkdir(mode=0o777)
    usual.chmod(0o777)
    try:
        with using(home) as user:
            host = connection_of(user)["host"]
            assert host != str(usual)
            assert stat.S_IMODE(os.stat(host).st_mode) == 0o700
    finally:
        shutil.rmtree(usual)


def test_processes_that_start_at_once_share_one_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(using(home)) for _ in range(4)]
        assert len({json.dumps(connection_of(user)) for user in users}) == 1
        servers = {number for number, words in processes_of(home).items() if "/bin/postgres -D" in words}
        # A child that was forked this instant still goes by its parent's words, and may be gone the next.
        assert len({number for number in servers if parent_of(number) not in servers | {0}}) == 1


def test_a_short_command_leaves_the_server_to_who_still_needs_it(running: Running) -> None:
    with psycopg.connect(**running.params) as connection:
        with using(running.home) as short:
            connection_of(short)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_last_user_to_leave_sees_the_server_stopped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user:
        connection_of(user)
        assert processes_of(home)
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()


def test_the_server_stops_even_when_its_last_user_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user:
        connection_of(user)
        user.kill()
        assert_nothing_lives(home)


def test_the_server_stops_even_when_its_keeper_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as first:
        connection_of(first)
        (keeper,) = [number for number, words in processes_of(home).items() if "keeper.py" in words]
        os.kill(keeper, signal.SIGKILL)
        # It holds its lock until it is dead.
        assert wait_until(lambda: not is_alive(keeper))
        with using(home) as second:
            connection_of(second)
    assert_nothing_lives(home)


def test_it_starts_again_where_a_killed_servers_number_is_a_strangers_now(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user:
        connection_of(user)
        kill_tree(server_number(home))
        left = home / "postgres" / "data" / "postmaster.pid"
        lines = left.read_text().splitlines()
        # This process is alive and no server, as is often the case in a container that was started anew.
        left.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
        with using(home) as second, psycopg.connect(**connection_of(second)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_recovers_from_a_start_that_was_interrupted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True, mode=0o700)
    (half / "PG_VERSION").write_text("18\n")
    with using(home) as user, psycopg.connect(**connection_of(user)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_lost_password_is_made_anew_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user:
        before = connection_of(user)
    (home / "postgres.password").unlink()
    with using(home) as user:
        after = connection_of(user)
        assert after["password"] != before["password"]
        psycopg.connect(**after).close()


def test_no_statement_and_no_refused_value_reaches_its_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user, psycopg.connect(**connection_of(user), autocommit=True) as connection:
        connection.execute("CREATE TABLE t (word text CHECK (word = 'fine'))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO t VALUES ('marked-in-a-row')")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO t VALUES (%s)", ["marked-in-a-parameter"])
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("SELECT FROM WHERE 'marked-in-a-statement'")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT 'marked-in-a-number'::int")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("DO $$ BEGIN RAISE 'marked-in-%', 'an-exception'; END $$")
    # What writes the log ends last.
    assert_nothing_lives(home)
    logs = [*(home / "postgres" / "log").iterdir(), home / "postgres" / "start.log"]
    said = "".join(log.read_text() for log in logs)
    assert "database system is shut down" in said
    assert "marked-in" not in said


def test_a_new_version_of_the_package_prepares_the_cluster_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home) as user:
        connection_of(user)
    stamp = home / "postgres.prepared"
    version = stamp.read_text()
    stamp.write_text("0.0.0")
    with using(home) as user:
        psycopg.connect(**connection_of(user)).close()
    assert stamp.read_text() == version


@pytest.mark.parametrize("home", ["/proc/nothing/can/be/made/here", "/dev/null/home"])
def test_a_home_that_cannot_be_is_one_clear_sentence(home: str) -> None:
    with using(Path(home)) as user:
        assert user.stdout is not None
        assert user.stderr is not None
        assert user.stdout.readline() == ""
        assert f"No database can be kept in {home} (" in user.stderr.read().splitlines()[-1]


def test_it_leaves_no_server_that_nobody_would_stop(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = f"""
import sys
from pathlib import Path
from config.embedded_postgres.ensure import ensure
sys.executable = "/nowhere/python"
ensure(Path({str(home)!r}), durable=False)
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("(/nowhere/python: No such file or directory): set ASSAY_HOME.")
    assert_nothing_lives(home)
