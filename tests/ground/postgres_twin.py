"""A server that speaks enough of PostgreSQL's protocol to be looked at: of any version, with or without extensions.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

BOOL = 16
STARTUP = 196_608


@contextlib.contextmanager
def postgres_twin(version: str, answer: tuple[bool, ...]) -> Iterator[int]:
    """Listens while the block lasts, and gives the one row `answer` to every SELECT. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=[door, version, answer], daemon=True)
        thread.start()
        yield door.getsockname()[1]


def _serve(door: socket.socket, version: str, answer: tuple[bool, ...]) -> None:
    with contextlib.suppress(OSError, EOFError):
        while True:
            talk, _ = door.accept()
            with talk, contextlib.suppress(EOFError, ConnectionError):
                _talk(talk, version, answer)


def _talk(talk: socket.socket, version: str, answer: tuple[bool, ...]) -> None:
    while struct.unpack("!I", _read(talk, struct.unpack("!I", _read(talk, 4))[0] - 4)[:4])[0] != STARTUP:
        talk.sendall(b"N")  # no encryption here
    settings = {"server_version": version, "client_encoding": "UTF8", "standard_conforming_strings": "on"}
    reported = b"".join(_message(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items())
    ready = _message(b"Z", b"I")
    talk.sendall(_message(b"R", struct.pack("!I", 0)) + reported + _message(b"K", struct.pack("!II", 1, 1)) + ready)
    while (kind := _read(talk, 1)) != b"X":
        text = _read(talk, struct.unpack("!I", _read(talk, 4))[0] - 4)
        assert kind == b"Q", kind
        rows = _row(answer) if b"SELECT" in text else b""
        talk.sendall(rows + _message(b"C", b"DONE\0") + ready)


def _row(answer: tuple[bool, ...]) -> bytes:
    columns = b"".join(f"c{n}\0".encode() + struct.pack("!IhIhih", 0, 0, BOOL, 1, -1, 0) for n in range(len(answer)))
    values = b"".join(struct.pack("!I", 1) + (b"t" if value else b"f") for value in answer)
    count = struct.pack("!h", len(answer))
    return _message(b"T", count + columns) + _message(b"D", count + values)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _read(talk: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        piece = talk.recv(length - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got
