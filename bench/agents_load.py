"""Send bodies one after the other over several connections, from a process of its own, and say how each fared.

It reads what it sends before it starts, and what is answered is only kept: the machine is for who is measured.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

# So many that both workers hold some of them, but for one chance in a hundred.
CONNECTIONS = 8
PATIENCE = 300.0


@dataclass(frozen=True)
class Sent:
    """What became of what was sent, in order of the answers. Instants are of the monotonic clock, in seconds.

    `answered` and `took` are of each body; `refused` is what the first that was not taken was told, None if all were.
    """

    began: float
    answered: list[float]
    took: list[float]
    refused: str | None

    @property
    def seconds(self) -> float:
        """From the first byte to the last answer."""
        return self.answered[-1] - self.began

    @property
    def longest_pause(self) -> float:
        """The longest time in which nothing was acknowledged."""
        return max(later - earlier for earlier, later in pairwise([self.began, *self.answered]))

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most."""
        ordered = sorted(self.took)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def sending(
    url: str, headers: Mapping[str, str], bodies: Sequence[bytes], folder: Path, connections: int = CONNECTIONS
) -> Iterator["subprocess.Popen[bytes]"]:
    """The sender at work, from the moment it has read its bodies; `sent_by` waits for it to end."""
    file = folder / "bodies"
    with file.open("wb") as out:
        for body in bodies:
            out.write(len(body).to_bytes(4) + body)
    command = [sys.executable, __file__, url, json.dumps(dict(headers)), str(file), str(connections)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise RuntimeError("The sender did not start.")
            yield process
        finally:
            process.kill()


def sent_by(process: "subprocess.Popen[bytes]") -> Sent:
    """What it says in the end."""
    said, _ = process.communicate(timeout=PATIENCE)
    return Sent(**json.loads(said))


def send(url: str, headers: Mapping[str, str], bodies: Sequence[bytes], folder: Path) -> Sent:
    """All of them; returns when the last one is answered."""
    with sending(url, headers, bodies, folder) as process:
        return sent_by(process)


def _main(url: str, headers: str, file: str, connections: str) -> None:
    bodies = list(_bodies(Path(file).read_bytes()))
    following = iter(bodies)
    guard = threading.Lock()
    answers: list[tuple[float, float, str | None]] = []

    def work() -> None:
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        told = json.loads(headers)
        while True:
            with guard:
                body = next(following, None)
            if body is None:
                break
            start = time.monotonic()
            connection.request("POST", address.path, body, told)
            answer = connection.getresponse()
            text = answer.read()
            end = time.monotonic()
            answers.append((end, end - start, None if answer.status == 200 else f"{answer.status} {text[:300]!r}"))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(int(connections))]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.sort()
    refused = next((text for _, _, text in answers if text is not None), None)
    json.dump(
        {
            "began": began,
            "answered": [a for a, _, _ in answers],
            "took": [t for _, t, _ in answers],
            "refused": refused,
        },
        sys.stdout,
    )


def _bodies(held: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(held):
        size = int.from_bytes(held[place : place + 4])
        yield held[place + 4 : place + 4 + size]
        place += 4 + size


if __name__ == "__main__":
    _main(*sys.argv[1:])
