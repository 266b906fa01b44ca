"""A client that cannot work says so when it is made, and shows its key to nobody."""

import logging
import pickle
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest
from assay import Assay, AssayError, AssayUnavailable

from tests.sdk.conftest import MakeAssay, run_program
from tests.sdk.twin import KEY, Twin, wait_until


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"url": ""}, "/url"),
        ({"url": "assay.example"}, "/url"),
        ({"url": "ftp://assay.example"}, "/url"),
        ({"url": "http://user:hunter2@assay.example"}, "/url"),
        ({"url": "http://assay.example/?q=1"}, "/url"),
        ({"url": "http://assay.example:99999"}, "/url"),
        ({"url": "http://[::1"}, "/url"),
        ({"url": None}, "/url"),
        ({"key": ""}, "/key"),
        ({"key": None}, "/key"),
        ({"key": "secret key"}, "/key"),
        ({"key": "secret\nX-Injected: 1"}, "/key"),
        ({"key": "sécret"}, "/key"),
        ({"refresh_interval": 0}, "/refresh_interval"),
        ({"refresh_interval": float("nan")}, "/refresh_interval"),
        ({"send_interval": "2"}, "/send_interval"),
        ({"start_timeout": -1}, "/start_timeout"),
        ({"timeout": float("inf")}, "/timeout"),
        ({"max_queue": 0}, "/max_queue"),
    ],
)
def test_it_names_what_it_cannot_be_made_with(tmp_path: Path, wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(AssayError) as caught:
        Assay(**({"url": "http://127.0.0.1:1", "key": KEY, "cache_dir": tmp_path} | wrong))

    assert [error.pointer for error in caught.value.errors] == [pointer]
    assert "secret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_it_shows_its_key_nowhere(
    twin: Twin, make_assay: MakeAssay, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        twin.failing = 401
        assay = make_assay(start_timeout=0.5)
        with pytest.raises(AssayUnavailable) as caught:
            assay.resolve(category="greeting")
        twin.failing = None
        working = make_assay()
        resolution = working.resolve(category="greeting", variables={"name": "Ada"})
        working.report_engagement(resolution, engagement_rate=0.1)
        working.flush()
        twin.stop()
        working.flush()

    shown = "".join(traceback.format_exception(caught.value))
    shown += caplog.text + repr(assay) + str(assay) + repr(assay._engine.options) + repr(vars(caught.value))
    shown += "".join(str(warning.message) for warning in warned)
    assert "httpcore" in caplog.text
    assert KEY not in shown
    assert all(KEY.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert all(KEY not in str(path) for path in tmp_path.rglob("*"))


def test_it_names_the_server_in_its_repr(make_assay: MakeAssay, twin: Twin) -> None:
    assert repr(make_assay(url=twin.url + "/")) == f"Assay('{twin.url}')"


def test_it_does_not_fill_the_log_of_the_application_with_its_polling(
    twin: Twin, make_assay: MakeAssay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    make_assay()

    assert wait_until(lambda: len(twin.gets) > 5)
    assert caplog.records == []


def test_its_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(AssayUnavailable("Nothing there.")))

    assert (error.code, error.detail, error.status) == ("unavailable", "Nothing there.", 503)


def test_it_is_typed() -> None:
    package = Path(__file__).resolve().parents[2] / "sdk" / "assay"

    assert (package / "py.typed").exists()


def test_it_is_quiet_when_warnings_are_errors(twin: Twin) -> None:
    program = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "from assay import Assay\n"
        "assay = Assay(sys.argv[1], 'wrong-key', cache_dir='/dev/null/x', start_timeout=5)\n"
        "print(assay.resolve(category='greeting', fallback='Plain').text)\n"
    )
    done = run_program(program, twin.url)

    assert done.stdout == "Plain\n"
    assert done.returncode == 0, done.stderr
