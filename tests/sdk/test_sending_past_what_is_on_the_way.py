"""Reports go on where something between this process and the server is in the way."""

import io
import logging
from typing import Any

import pytest
from assay import AssayWarning
from assay.tracing import AgentTracer

from tests.sdk.conftest import MakeTracer
from tests.sdk.twin import Twin

MARK = "what somebody said"


def work(tracer: AgentTracer, *names: str) -> None:
    for name in names:
        with tracer.start_run(run_id=name):
            pass


def test_what_is_too_large_for_a_proxy_holds_up_nothing_else(
    twin: Twin, make_tracer: MakeTracer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers 413 by itself, with a page of its own, and would for ever."""
    real = twin._post

    def post(handler: Any) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if b"huge" in body:
            twin._answer(handler, 413, b"<html>Too large</html>", "text/html")
            return
        connection, handler.rfile = handler.rfile, io.BytesIO(body)
        try:
            real(handler)
        finally:
            handler.rfile = connection

    monkeypatch.setattr(twin, "_post", post)
    tracer = make_tracer()
    work(tracer, "one", "huge", "two")

    with pytest.warns(AssayWarning, match="refused one runs item for good: HTTP 413"):
        assert tracer.flush()
    assert list(twin.runs.taken) == ["one", "two"]


def test_what_the_server_calls_a_code_is_shown_where_it_is_one(
    twin: Twin, make_tracer: MakeTracer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tracer = make_tracer()
    work(tracer, "one")
    caplog.set_level(logging.INFO, "assay")
    for code in (MARK, "maintenance"):
        with monkeypatch.context() as trouble:
            trouble.setattr(twin, "_refused", lambda handler, code=code: twin._problem(handler, 503, code) or True)
            assert not tracer.flush()

    assert "HTTP 503 maintenance" in caplog.text
    assert MARK not in caplog.text
