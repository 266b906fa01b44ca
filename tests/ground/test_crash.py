import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

import psycopg

from tests.ground.processes import environment, kill_tree, server_number, using, wait_until

# Writes numbers, each in its own transaction, and prints each one that the server has acknowledged.
WRITER = """
import json, sys
import psycopg
first, params = int(sys.argv[1]), json.loads(sys.argv[2])
with psycopg.connect(**params, autocommit=True) as connection:
    for number in range(first, first + 1_000_000):
        connection.execute("INSERT INTO written VALUES (%s)", [number])
        print(number, flush=True)
"""


def test_it_loses_nothing_acknowledged_when_killed_in_the_middle_of_writes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with using(home, durable=True) as user:
        assert user.stdout is not None
        params = json.loads(user.stdout.readline())
        with psycopg.connect(**params) as connection:
            connection.execute("CREATE TABLE written (number bigint PRIMARY KEY)")
        acknowledged: set[int] = set()
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(first), json.dumps(params)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(),
            )
            for first in (0, 10_000_000, 20_000_000)
        ]
        with contextlib.ExitStack() as stack:
            readers = []
            for writer in writers:
                stack.enter_context(writer)
                readers.append(threading.Thread(target=collect, args=[writer, acknowledged]))
                readers[-1].start()
            assert wait_until(lambda: len(acknowledged) > 500, seconds=300)
            kill_tree(server_number(home))
            for reader in readers:
                reader.join()
        with using(home, durable=True) as second:
            assert second.stdout is not None
            with psycopg.connect(**json.loads(second.stdout.readline())) as connection:
                found = {number for (number,) in connection.execute("SELECT number FROM written")}
    assert acknowledged <= found
    # At most the one that each writer was waiting for.
    assert len(found - acknowledged) <= len(writers)


def collect(writer: subprocess.Popen[str], numbers: set[int]) -> None:
    assert writer.stdout is not None
    for line in writer.stdout:
        if line.endswith("\n"):
            numbers.add(int(line))
