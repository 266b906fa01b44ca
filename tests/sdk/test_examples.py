"""The examples do what they say."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.conftest import SDK
from tests.sdk.patience import PATIENCE
from tests.sdk.twin import KEY, Twin, make_content, make_prompt, make_scores

EXAMPLES = SDK / "examples"

# Runs an example as it is.
PATIENTLY = """
import runpy, sys
from tests.sdk.patience import be_patient
be_patient()
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture
def vault(twin: Twin) -> Twin:
    """A twin with the one prompt that all examples ask for."""
    text = "What does this customer want? {{ message }} ({{ ai_summary }})"
    prompt = make_prompt(text=text, category="lead_enrichment")
    variables = {name: {"type": "string"} for name in ("message", "ai_summary")}
    object_schema = {"type": "object", "properties": variables, "required": list(variables)}
    version = type(prompt.versions[0])(prompt.versions[0].id, "1.0.0", "text", text, object_schema)
    twin.publish(make_content(make_prompt(category="lead_enrichment", versions=[version])), make_scores())
    return twin


def start(example: str, twin: Twin, tmp_path: Path, *by: str) -> "subprocess.Popen[str]":
    environment: dict[str, Any] = {
        **os.environ,
        "PYTHONPATH": f"{SDK}:{SDK.parent}",
        "ASSAY_URL": twin.url,
        "ASSAY_KEY": KEY,
        "XDG_CACHE_HOME": str(tmp_path),
        "PORT": "0",
    }
    command = [sys.executable, *(by or ("-c", PATIENTLY)), str(EXAMPLES / example)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(example: str, twin: Twin, tmp_path: Path, *by: str) -> str:
    process = start(example, twin, tmp_path, *by)
    output, errors = process.communicate(timeout=5 * PATIENCE)
    assert process.returncode == 0, errors
    return output


def test_it_starts_quickly(vault: Twin, tmp_path: Path) -> None:
    output = output_of("quickstart.py", vault, tmp_path)

    assert "What does this customer want? Is the flat in Oak Street still free?" in output
    assert "sent: True" in output
    assert [report["likes"] for report in vault.taken["engagement"].values()] == [12]
    assert vault.uses() == 1


def test_it_runs_asynchronously(vault: Twin, tmp_path: Path) -> None:
    output = output_of("asynchronous.py", vault, tmp_path)

    assert "100 resolutions" in output
    assert "sent: True" in output
    assert len(vault.taken["engagement"]) == 100


def test_it_goes_on_offline(vault: Twin, tmp_path: Path) -> None:
    assert "served from: revision 1.1" in output_of("offline.py", vault, tmp_path / "once-online")
    vault.stop()

    again = output_of("offline.py", vault, tmp_path / "once-online")
    never = output_of("offline.py", vault, tmp_path / "never-online", "-u")  # as fast as it gives up by itself

    assert "served from: revision 1.1" in again
    assert "sent: False" in again
    assert "served from: the fallback" in never
    assert "without a fallback: Assay at" in never


def test_it_serves_from_forked_workers(vault: Twin, tmp_path: Path) -> None:
    process = start("prefork.py", vault, tmp_path)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        answers = [
            urllib.request.urlopen(f"{address}{number}", timeout=PATIENCE).read().decode() for number in range(6)
        ]
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()

    assert all(f"customer want? /{number} (A path.)" in answer for number, answer in enumerate(answers))
    assert len({answer.split(":")[0] for answer in answers}) == 2
    assert vault.uses() == 6


def test_it_tells_an_agent_s_decisions(twin: Twin, tmp_path: Path) -> None:
    output = output_of("agent_decisions.py", twin, tmp_path)

    assert "oslo: fog" in output
    assert "sent: True" in output
    berlin, lisbon, oslo = twin.runs.taken.values()
    assert [decision["reason_code"] for decision in berlin["decisions"] + lisbon["decisions"]] == [
        "cached_data_sufficient",
        "cached_data_sufficient",
    ]
    assert [decision["reason_code"] for decision in oslo["decisions"]] == [
        "fresh_data_required",
        "transient_error_detected",
    ]
    assert [(failure["failure_type"], failure["code"]) for failure in oslo["failures"]] == [("timeout", "TimeoutError")]
    assert {run["status"] for run in twin.runs.taken.values()} == {"success"}
    assert b"sentence" not in b"".join(twin.bodies)


def test_it_tells_an_agent_s_quality_signals(twin: Twin, tmp_path: Path) -> None:
    output = output_of("agent_quality_signals.py", twin, tmp_path)

    assert "sent: True" in output
    observed = [
        {signal["signal_code"]: signal["value"] for signal in run["quality_signals"]}
        for run in twin.runs.taken.values()
    ]
    assert observed == [
        {"no_results": False, "under_threshold": True, "limit_approached": True, "full_match": True},
        {"no_results": True, "under_threshold": True, "limit_approached": True, "validation_failed": False},
    ]
    assert [run["status"] for run in twin.runs.taken.values()] == ["success", "partial"]
    assert {run["tokens_out"] for run in twin.runs.taken.values()} == {1350}


def test_it_traces_everything(vault: Twin, tmp_path: Path) -> None:
    output = output_of("agent_tracing.py", vault, tmp_path)

    assert "broken: calendar did not answer" in output
    assert "left out: {}" in output
    assert "sent: True" in output
    by_agent = {(run["agent_id"], len(run["steps"])): run for run in vault.runs.taken.values()}
    lead, write = by_agent["NOVA", 4], by_agent["RAFA", 1]
    assert lead["status"] == "partial"
    assert lead["failures"] == [{"failure_type": "orchestration", "code": "ConnectionError", "step_id": "4"}]
    parents = sorted(run.get("parent_run_id", "") for run in vault.runs.taken.values())
    assert parents == ["", "", *[lead["run_id"]] * 3]
    assert {run.get("session_id") for run in vault.runs.taken.values()} == {"customer-17", None}
    assert (write["tokens_in"], write["steps"][0]["resolution_id"] != "") == (412, True)
    assert {run["status"] for run in vault.runs.taken.values()} == {"partial", "success", "failure"}
    assert vault.runs.refusals == []
    assert b"Nothing of this" not in b"".join(vault.bodies)
