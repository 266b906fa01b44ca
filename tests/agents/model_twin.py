"""A local twin of a model's server: it speaks the protocol of OpenAI's chat completions and embeddings."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelTwin(BaseHTTPRequestHandler):
    """Answers each question; one that asks for trouble gets an error, one with tools gets a call of the first."""

    protocol_version = "HTTP/1.1"
    ANSWER = "Bread rises because yeast breathes."

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/embeddings"):
            self._answer(200, self._embedding(asked))
        elif "trouble" in str(asked["messages"][-1]["content"]):
            said = {"message": "You ask too much of me.", "type": "requests", "code": "rate_limit_exceeded"}
            self._answer(429, {"error": said})
        else:
            self._answer(200, self._completion(asked))

    def _completion(self, asked: dict[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.ANSWER}
        if asked.get("tools") and asked["messages"][-1]["role"] == "user":
            called = {"name": asked["tools"][0]["function"]["name"], "arguments": '{"flour": "a secret blend"}'}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": called}],
            }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": f"{asked['model']}-2026-05-13",
            "choices": [
                {"index": 0, "message": message, "finish_reason": "tool_calls" if asked.get("tools") else "stop"}
            ],
            "usage": {
                "prompt_tokens": 21,
                "completion_tokens": 9,
                "total_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
        }

    def _embedding(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
            "model": asked["model"],
            "usage": {"prompt_tokens": 5, "total_tokens": 5},
        }

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def model_server() -> Iterator[str]:
    """The address of a twin that runs while the block lasts, as a client wants it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ModelTwin)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
