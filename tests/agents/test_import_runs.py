"""Transcripts become runs, steps, decisions and signals, once, and not one sentence of theirs is stored or logged."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from assay.core.privacy import is_code
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.models import Decision, Failure, QualitySignal, Run, Step
from sentinel.models import Project
from tests.agents.spans import dump
from tests.conftest import Person

pytestmark = pytest.mark.django_db
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "airline_agent_runs.json.gz"


def calls(name: str, result: str, number: int) -> list[dict[str, Any]]:
    call = {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": '{"who": "ada_9"}'}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"call_{number}", "name": name, "content": result},
    ]


def transcript(task: int, trial: int = 0, reward: float = 1.0, *more: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": task,
        "trial": trial,
        "reward": reward,
        "info": {"task": {"instruction": "You would like to order two rye breads."}, "user_cost": 0.01},
        "traj": [
            {"role": "system", "content": "You are a kind baker and never sell what is stale."},
            {"role": "user", "content": "Good morning, two rye breads please."},
            *more,
            {"role": "assistant", "content": "Here you are, two rye breads as you wished."},
        ],
    }


SAMPLE = [
    transcript(
        1, 0, 1.0,
        *calls("get_customer", '{"name": "Ada Byron"}', 1),
        *calls("search_bread", "[]", 2),
        *calls("think", "", 3),
        *calls("calculate", "7.5", 4),
        *calls("book_bread", "Error: the oven is cold today", 5),
        *calls("book_bread", "Error: the oven is cold still", 6),
        *calls("book_bread", "Your two rye breads are booked.", 7),
    ),
    transcript(2, 1, 0.0, *calls("transfer_to_human_agents", "Somebody will call you back.", 1)),
]  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "runs.json.gz"
    path.write_bytes(gzip.compress(json.dumps(SAMPLE).encode()))
    return path


def imported(path: Path, project: Project, **options: Any) -> str:
    said = StringIO()
    call_command("import_runs", path, project=project.slug, verbosity=0, stdout=said, **options)
    return said.getvalue()


def test_it_makes_runs_of_transcripts(mia: Person, sample: Path) -> None:
    assert imported(sample, mia.project) == "2 stored, 0 updated, 0 duplicate, 0 refused.\n"

    done, lost = Run.objects.filter(project=mia.project).order_by("run_id")
    assert (done.run_id, done.status) == ("airline-agent:1:task-1-trial-0", "success")
    assert done.session_id == "task-1"
    assert (done.agent_id, done.agent_version, done.environment) == ("airline-agent", "1", "production")
    assert done.metadata == {"task": 1, "trial": 0, "reward": 1.0}
    assert [(step.step_type, step.name, step.status) for step in Step.objects.filter(run=done.pk).order_by("seq")] == [
        ("model", "chat", "success"),
        ("tool", "get_customer", "success"),
        ("model", "chat", "success"),
        ("tool", "search_bread", "success"),
        ("model", "chat", "success"),
        ("plan", "think", "success"),
        ("model", "chat", "success"),
        ("tool", "calculate", "success"),
        ("model", "chat", "success"),
        ("tool", "book_bread", "failure"),
        ("model", "chat", "success"),
        ("tool", "book_bread", "failure"),
        ("model", "chat", "success"),
        ("tool", "book_bread", "success"),
        ("model", "chat", "success"),
        ("respond", "reply", "success"),
    ]
    assert (lost.run_id, lost.status) == ("airline-agent:1:task-2-trial-1", "failure")


def test_it_gives_each_call_its_own_result_where_an_id_is_used_again(mia: Person, tmp_path: Path) -> None:
    at_once = calls("get_flour", "Error: there is none", 1)[:1]
    at_once[0]["tool_calls"] += calls("get_yeast", "", 1)[0]["tool_calls"]
    nobody_asked = {"role": "tool", "tool_call_id": "call_1", "content": "Error: nobody has called"}
    path = tmp_path / "runs.json"
    one = transcript(
        1, 0, 1.0,
        nobody_asked,
        *calls("get_bread", "Error: there is none", 1),
        *calls("get_cake", "[]", 2),
        *calls("get_bread", "rye", 1),
        *at_once,
        {"role": "tool", "tool_call_id": "call_1", "content": "Error: there is none"},
        {"role": "tool", "tool_call_id": "call_1", "content": "fresh"},
        *calls("get_cake", "Error: there is none", 2),
        calls("get_tea", "", 1)[0],
    )  # fmt: skip
    path.write_text(json.dumps([one]))
    imported(path, mia.project)

    asked = [step for step in Step.objects.order_by("seq") if step.step_type == "tool"]
    assert [(step.name, step.status) for step in asked] == [
        ("get_bread", "failure"),
        ("get_cake", "success"),
        ("get_bread", "success"),
        ("get_flour", "failure"),
        ("get_yeast", "success"),
        ("get_cake", "failure"),
        ("get_tea", "running"),
    ]
    again = QualitySignal.objects.filter(signal_type="retry_occurred").values_list("step_id", flat=True)
    assert list(again) == [asked[2].step_id]


def test_it_tells_decisions_failures_and_signals(mia: Person, sample: Path) -> None:
    imported(sample, mia.project)

    assert {(one.decision_type, one.selected, one.reason_code) for one in Decision.objects.all()} == {
        ("tool_selection", "get_customer", "fresh_data_required"),
        ("tool_selection", "search_bread", "fresh_data_required"),
        ("tool_selection", "calculate", "accuracy_required"),
        ("orchestration_path", "transfer_to_human_agents", "fallback_path"),
    }
    assert sorted((one.failure_type, one.code, one.step_id) for one in Failure.objects.all()) == [
        ("tool", "refused", "11"),
        ("tool", "refused", "9"),
        ("validation", "task_not_done", None),
    ]
    assert {(one.signal_type, one.signal_code, one.step_id) for one in QualitySignal.objects.all()} == {
        ("tool_success", "first_attempt", "1"),
        ("tool_success", "first_attempt", "3"),
        ("empty_retrieval", "no_results", "3"),
        ("tool_success", "first_attempt", "7"),
        ("tool_failure", "invalid_input", "9"),
        ("tool_failure", "invalid_input", "11"),
        ("retry_occurred", "single_retry", "11"),
        ("retry_occurred", "multiple_retries", "13"),
        ("tool_success", "after_retry", "13"),
    }


def test_it_changes_nothing_the_second_time(mia: Person, sample: Path) -> None:
    imported(sample, mia.project)
    before = dump()

    begin = (timezone.now() - timedelta(days=3)).isoformat()
    assert imported(sample, mia.project, begin=begin) == "0 stored, 0 updated, 2 duplicate, 0 refused.\n"
    assert dump() == before
    said = imported(sample, mia.project, environment="staging")
    assert "Run 1/run_id: run_conflict" in said
    assert said.endswith("0 stored, 0 updated, 0 duplicate, 2 refused.\n")


def test_it_spreads_runs_from_when_one_says(mia: Person, sample: Path) -> None:
    begin = timezone.now().replace(microsecond=0) - timedelta(days=9)
    imported(sample, mia.project, begin=begin.isoformat(), every=90)

    assert [run.started_at for run in Run.objects.order_by("run_id")] == [begin, begin + timedelta(seconds=90)]


def test_it_makes_other_runs_of_what_another_agent_or_version_did(mia: Person, sample: Path) -> None:
    ran = [("clerk", "gpt-4o"), ("clerk", "claude"), ("baker", "gpt-4o"), ("a" * 100, "b" * 100), ("a" * 100, "b")]
    # What a `:` in a name may not be taken for.
    ran += [("a", "b:c"), ("a:b", "c")]
    for agent_id, agent_version in ran:
        said = imported(sample, mia.project, agent_id=agent_id, agent_version=agent_version)
        assert said == "2 stored, 0 updated, 0 duplicate, 0 refused.\n"
    for agent_id, agent_version in ran:
        said = imported(sample, mia.project, agent_id=agent_id, agent_version=agent_version)
        assert said == "0 stored, 0 updated, 2 duplicate, 0 refused.\n"

    assert Run.objects.get(agent_version="claude", status="failure").run_id == "clerk:claude:task-2-trial-1"
    assert all(is_code(run.run_id) for run in Run.objects.all())
    assert Run.objects.values_list("agent_id", "agent_version").distinct().count() == len(ran)


@pytest.mark.parametrize("every", [-5, float("nan"), float("inf"), 86_401])
def test_it_refuses_a_distance_that_is_none(mia: Person, sample: Path, every: float) -> None:
    with pytest.raises(CommandError, match="--every is from 0 to 86400 seconds"):
        imported(sample, mia.project, every=every)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "begin", ["yesterday", "2026-02-30T00:00:00Z", "2026-01-31T12:00", "0001-01-01T00:00:00+14:00"]
)
def test_it_refuses_a_beginning_that_is_no_time(mia: Person, sample: Path, begin: str) -> None:
    with pytest.raises(CommandError, match="--begin is a time with its zone"):
        imported(sample, mia.project, begin=begin)


def test_it_refuses_runs_of_a_day_that_never_comes(mia: Person, sample: Path) -> None:
    said = imported(sample, mia.project, begin="9999-12-31T23:59:30Z")

    assert "Run 1/started_at: time_out_of_range" in said
    assert "Run 2: time_out_of_range" in said
    assert said.endswith("0 stored, 0 updated, 0 duplicate, 2 refused.\n")


@pytest.mark.parametrize("reward", ["2", "-1", "1e400", "NaN", "true", '"1"'])
def test_it_refuses_a_reward_that_is_none_and_says_where(mia: Person, tmp_path: Path, reward: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([SAMPLE[0], transcript(3, reward=0.125)]).replace("0.125", reward))

    said = imported(path, mia.project)
    assert "Run 2/reward: invalid_transcript: This is no transcript: task_id, trial, reward, traj." in said
    assert said.endswith("1 stored, 0 updated, 0 duplicate, 1 refused.\n")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("lines", [False, True])
def test_it_reads_lists_and_lines(mia: Person, tmp_path: Path, packed: bool, lines: bool) -> None:
    text = "\n".join(map(json.dumps, SAMPLE)) if lines else json.dumps(SAMPLE, indent=1)
    path = tmp_path / "runs"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())

    assert imported(path, mia.project).startswith("2 stored")


def test_it_refuses_a_bad_transcript_alone(mia: Person, tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    beyond = [transcript(-1), transcript(10**12 + 1)]
    path.write_text(json.dumps([{"task_id": "secret"}, SAMPLE[0], 7, transcript(3, reward=0.5), *beyond]))

    said = imported(path, mia.project)
    assert "Run 1/task_id: invalid_transcript" in said
    assert "Run 3: invalid_transcript" in said
    assert "Run 5/task_id: invalid_transcript" in said
    assert "Run 6/task_id: invalid_transcript" in said
    assert said.endswith("2 stored, 0 updated, 0 duplicate, 4 refused.\n")
    assert "secret" not in said
    assert Run.objects.get(run_id="airline-agent:1:task-3-trial-0").status == "partial"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'[{"task_id": 1', "invalid_json"),
        (b"what is this", "invalid_json"),
        (b'[{"task_id": ' + b"9" * 5_000 + b"}]", "invalid_json"),
        (b'"\xff"', "invalid_json"),
        (b"[" * 3_000_000 + b'{"a":' * 100_000, "invalid_json"),
        (gzip.compress(json.dumps(SAMPLE).encode())[:-20], "invalid_gzip"),
        (b"\x1f\x8bnothing", "invalid_gzip"),
    ],
)
def test_it_says_what_is_wrong_with_a_file(mia: Person, tmp_path: Path, raw: bytes, code: str) -> None:
    path = tmp_path / "runs"
    path.write_bytes(raw)

    with pytest.raises(CommandError, match=code):
        imported(path, mia.project)


def test_it_says_that_there_is_no_file(mia: Person, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unreadable_file"):
        imported(tmp_path / "none", mia.project)
    with pytest.raises(CommandError, match="no project"):
        call_command("import_runs", tmp_path, project="nobody's")


def test_it_lets_no_sentence_through(mia: Person, sample: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = imported(sample, mia.project)

    told = dump() + said + caplog.text
    assert "book_bread" in told
    assert not [sentence for one in SAMPLE for sentence in sentences(one) if sentence in told]


@pytest.mark.skipif(not REAL.exists(), reason="the real transcripts are not on this machine")
def test_it_lets_no_sentence_of_real_transcripts_through(
    mia: Person, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    said = imported(REAL, mia.project)
    assert said == "200 stored, 0 updated, 0 duplicate, 0 refused.\n"
    assert (Step.objects.count(), Run.objects.filter(status="success").count()) == (2454 + 1164 + 1290, 84)

    told = dump() + said + caplog.text + "".join(capfd.readouterr())
    real = json.loads(gzip.decompress(REAL.read_bytes()))
    found = {sentence for one in real for sentence in sentences(one)}
    assert len(found) > 5_000
    assert not [sentence for sentence in found if sentence in told]


@pytest.mark.skipif(not REAL.exists(), reason="the real transcripts are not on this machine")
def test_it_tells_what_came_of_each_call_of_real_transcripts(mia: Person) -> None:
    imported(REAL, mia.project)

    # Each call is answered by the message after it: which ones failed can be told without ids.
    expected: Counter[str] = Counter()
    for one in json.loads(gzip.decompress(REAL.read_bytes())):
        for before, after in pairwise(one["traj"]):
            if before.get("tool_calls") and after["content"].startswith("Error"):
                expected[f"airline-agent:1:task-{one['task_id']}-trial-{one['trial']}"] += 1
    names = dict(Run.objects.values_list("pk", "run_id"))
    failed = Failure.objects.filter(failure_type="tool").values_list("run", flat=True)
    assert Counter(names[run] for run in failed) == expected
    assert (expected["airline-agent:1:task-3-trial-0"], expected["airline-agent:1:task-26-trial-2"]) == (5, 1)
    called = Step.objects.filter(step_type__in=["tool", "plan", "handoff"])
    assert Counter(called.values_list("status", flat=True)) == {"success": 1091, "failure": 73}


def sentences(value: Any) -> Iterator[str]:
    """Everything that somebody said, by line and sentence; a word alone, such as the name of a tool, is none."""
    for message in value["traj"]:
        text = message.get("content") or ""
        for call in message.get("tool_calls") or ():
            text += "\n" + call["function"]["arguments"]
        for part in re.split(r"(?<=[.!?])\s|\n", text):
            if " " in part.strip() and len(part.strip()) >= 8:
                yield part.strip()
    yield value["info"]["task"]["instruction"]
