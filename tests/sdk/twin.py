"""A twin of Assay's server, as far as the SDK meets it: real HTTP on a real port, real bundles."""

import contextlib
import gzip
import hashlib
import json
import socket
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from assay.core.shapes import Content, Message, ProjectSettings, Prompt, Scores, Version

from tests.sdk.patience import PATIENCE
from tests.sdk.twin_runs import Runs

KEY = "assay_test_0123456789abcdefSECRET"
PROJECT_ID = "00000000-0000-7000-8000-000000000001"


def uuid_of(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012x}"


def make_prompt(number: int = 2, text: str | list[Message] = "Hello {{ name }}", **changes: Any) -> Prompt:
    version_id = uuid_of(number * 1000)
    variables = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    kind = "text" if isinstance(text, str) else "chat"
    version = Version(version_id, "1.0.0", kind, text, variables, {"temperature": 0.5})
    fields: dict[str, Any] = {
        "id": uuid_of(number),
        "name": f"greeting-{number}",
        "category": "greeting",
        "vertical": "generic",
        "platform": None,
        "agent_code": None,
        "language": "en",
        "technique": "AIDA",
        "labels": {"production": version_id, "latest": version_id},
        "versions": [version],
    }
    return Prompt(**(fields | changes))


def make_content(*prompts: Prompt, revision: int = 1, **changes: Any) -> Content:
    project = ProjectSettings(PROJECT_ID, "default")
    return Content(project, revision, list(prompts or (make_prompt(),)), **changes)


def make_scores(revision: int = 1, content_revision: int = 1, **scores: tuple[float, float, float]) -> Scores:
    return Scores(revision, content_revision, (1.0, 1.0), dict(scores))


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as come."""

    daemon_threads = True
    request_queue_size = 128


class Twin:
    """Serves one project: what `publish` was given. What was posted is in `taken`, by item id.

    While `answering` is not set, who asks for a part of the bundle waits. Its port is its own while it is dead, too:
    nobody else is taken for it.
    """

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, dict[str, Any]]] = {
            kind: {} for kind in ("usage", "exposures", "executions", "outcomes", "engagement")
        }
        self.runs = Runs()
        self.bodies: list[bytes] = []
        self.came_through: dict[str, int] = {}
        self.posts: list[tuple[str, int]] = []
        self.gets: list[tuple[str, int]] = []
        self.failing: int | None = None
        self.retry_after: str | None = None
        self.rejecting: set[str] = set()
        self.choking_on: set[str] = set()
        self.forbidding: set[str] = set()
        self.losing_answers = False
        self.answering = threading.Event()
        self.answering.set()
        self.raw: dict[str, bytes] = {}
        self.publish(make_content(), make_scores())
        self._server: Server | None = None
        self._connections: set[socket.socket] = set()
        # Bound, and not listened on: who connects is refused, and nobody is given the port.
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.port: int = self._kept.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, content: Content, scores: Scores) -> None:
        self.raw["/api/v1/bundle"] = msgspec.json.encode(content)
        self.raw["/api/v1/bundle/scores"] = msgspec.json.encode(scores)

    def publish_text(self, text: str, revision: int) -> None:
        self.publish(make_content(make_prompt(text=text), revision=revision), make_scores(revision, revision))

    def publish_later(self, text: str, revision: int, after_gets: int) -> None:
        """Publish once `after_gets` parts were asked for."""
        threading.Thread(
            target=lambda: wait_until(lambda: len(self.gets) >= after_gets) and self.publish_text(text, revision),
            daemon=True,
        ).start()

    def used(self) -> dict[tuple[str, str], int]:
        total: dict[tuple[str, str], int] = {}
        for item in list(self.taken["usage"].values()):
            key = (item["prompt_id"], item["version_id"])
            total[key] = total.get(key, 0) + item["count"]
        return total

    def uses(self) -> int:
        return sum(self.used().values())

    def start(self) -> None:
        twin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                twin._connections.add(self.connection)
                if self.server is not twin._server:  # it died before this connection was known
                    cut(self.connection)

            def do_GET(self) -> None:
                twin._get(self)

            def do_POST(self) -> None:
                twin._post(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Die: no listening port, and open connections are cut."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        while self._connections:
            cut(self._connections.pop())

    def close(self) -> None:
        """Die, and let go of the port."""
        self.stop()
        self.answering.set()
        self._kept.close()

    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        self.answering.wait()
        if self._server is None:
            handler.close_connection = True
            return
        if self._refused(handler):
            return
        body = self.raw.get(handler.path)
        if body is None:
            self._answer(handler, 404, b"{}")
            return
        etag = '"' + hashlib.sha256(body).hexdigest()[:20] + '"'
        if handler.headers.get("If-None-Match") == etag:
            self.gets.append((handler.path, 304))
            self._answer(handler, 304, b"", ETag=etag)
            return
        self.gets.append((handler.path, 200))
        assert "gzip" in handler.headers.get("Accept-Encoding", "")
        packed = {"ETag": etag, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        self._answer(handler, 200, gzip.compress(body), **packed)

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if self._refused(handler):
            return
        if handler.headers.get("Content-Encoding") == "gzip":
            assert handler.path == "/api/v1/runs/batch"
            body = gzip.decompress(body)
        self.bodies.append(body)
        kind = "runs" if handler.path == "/api/v1/runs/batch" else handler.path.rsplit("/", 1)[1]
        if kind in self.forbidding:
            self._problem(handler, 403, "permission_denied")
            return
        items = json.loads(body)["items"]
        self.posts.append((kind, len(items)))
        if any(item.get("prompt_id") in self.choking_on for item in items):
            self._problem(handler, 400, "invalid_body")
            return
        if kind == "runs":
            self._answer_batch(handler, self.runs.take(items))
            return
        assert len(items) <= 500
        rejected = []
        for index, item in enumerate(items):
            assert uuid.UUID(item["id"])
            if {item.get("prompt_id"), item.get("metric")} & self.rejecting:
                refusal = {"index": index, "id": item["id"], "code": "unknown_prompt", "detail": "No.", "pointer": ""}
                rejected.append(refusal)
            else:
                self._take(kind, item)
                self.came_through[item["id"]] = handler.client_address[1]
        self._answer_batch(handler, {"accepted": len(items) - len(rejected), "rejected": rejected})

    def _answer_batch(self, handler: BaseHTTPRequestHandler, answer: dict[str, Any]) -> None:
        if self.losing_answers:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(handler, 200, json.dumps(answer).encode())

    def _take(self, kind: str, item: dict[str, Any]) -> None:
        known = self.taken[kind].setdefault(item["id"], item)
        assert known == item, "an id came again with other contents"
        if kind == "usage":
            assert 1 <= item["count"] <= 1_000_000

    def _refused(self, handler: BaseHTTPRequestHandler) -> bool:
        if self.failing is not None:
            self._problem(handler, self.failing, "made_up")
        elif handler.headers.get("Authorization") != f"Bearer {KEY}":
            self._problem(handler, 401, "invalid_key")
        else:
            return False
        return True

    def _problem(self, handler: BaseHTTPRequestHandler, status: int, code: str) -> None:
        self.gets.append((handler.path, status))
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        body = json.dumps({"code": code, "status": status}).encode()
        self._answer(handler, status, body, "application/problem+json", **headers)

    def _answer(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        content_type: str = "application/json",
        /,
        **headers: str,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 304:
            handler.send_header("Content-Type", content_type)
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def wait_until(condition: Any, timeout: float = PATIENCE) -> bool:
    """Whether `condition()` came true; asked often, since how long it takes is not what is tested."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())
