"""What the server should hear is queued on disk, survives, and arrives once."""

import json
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from assay import AssayError, AssayWarning
from assay.core.shapes import Prompt
from assay.outbox import MAX_COUNT, Outbox

from tests.sdk.conftest import MakeAssay, run_program
from tests.sdk.twin import KEY, Twin, make_content, make_prompt, make_scores, uuid_of, wait_until

ADA = {"name": "Ada"}

# What a test expects it asserts; a warning besides is no news here.
pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")
FolderOf = Callable[[], Path]

REPORT_AND_DIE = """
import os, signal, sys
from assay import Assay
from tests.sdk.patience import be_patient
be_patient()
assay = Assay(sys.argv[1], sys.argv[2], cache_dir=sys.argv[3])
resolution = assay.resolve(category="greeting", variables={"name": "Ada"})
for number in range(100):
    assay.report_engagement(resolution, likes=number, impressions=100)
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def two_prompts() -> list[Prompt]:
    return [make_prompt(2), make_prompt(3, category="farewell")]


def test_it_sends_by_itself(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    resolution = assay.resolve(category="greeting", variables=ADA)
    assay.report_engagement(resolution, likes=3, shares=1, impressions=10)

    assert wait_until(lambda: twin.taken["engagement"] and twin.taken["usage"])
    (report,) = twin.taken["engagement"].values()
    numbers = {"likes": 3, "comments": 0, "shares": 1, "impressions": 10}
    assert abs(datetime.fromisoformat(report["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert report == {
        "id": report["id"],
        "at": report["at"],
        "resolution_id": resolution.resolution_id,
        "prompt_id": resolution.prompt.id,
        **numbers,
    }
    (usage,) = twin.taken["usage"].values()
    assert usage == {
        "id": usage["id"],
        "prompt_id": resolution.prompt.id,
        "version_id": resolution.version.id,
        "count": 1,
    }


def test_it_adds_uses_up_by_version(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish(make_content(*two_prompts()), make_scores())
    assay = make_assay(send_interval=60)
    for category in ["greeting", "farewell", "greeting"] * 100:
        assay.resolve(category=category, variables=ADA)

    assert assay.flush()
    assert twin.used() == {(uuid_of(2), uuid_of(2000)): 200, (uuid_of(3), uuid_of(3000)): 100}
    assert len(twin.taken["usage"]) <= 4


def test_it_takes_the_id_of_a_resolution_as_well(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    resolution_id = assay.resolve(category="greeting", variables=ADA, unit="ada").resolution_id

    assay.report_engagement(resolution_id, engagement_rate=0.25)

    assert assay.flush()
    (report,) = twin.taken["engagement"].values()
    assert (report["resolution_id"], report["engagement_rate"]) == (resolution_id, 0.25)


@pytest.mark.parametrize(
    "earned",
    [
        {},
        {"engagement_rate": 1.1},
        {"engagement_rate": -0.1},
        {"engagement_rate": float("nan")},
        {"engagement_rate": "0.5"},
        {"engagement_rate": True},
        {"engagement_rate": 0.5, "impressions": 10},
        {"likes": 3},
        {"impressions": 0},
        {"likes": -1, "impressions": 10},
        {"likes": 11, "impressions": 10},
        {"likes": 1.5, "impressions": 10},
        {"impressions": 10**400},
        {"impressions": 10, "clicks": 3},
    ],
)
def test_it_refuses_numbers_that_the_server_would_refuse(
    twin: Twin, make_assay: MakeAssay, earned: dict[str, float]
) -> None:
    assay = make_assay()
    resolution = assay.resolve(category="greeting", variables=ADA)

    with pytest.raises(AssayError) as caught:
        assay.report_engagement(resolution, **earned)

    assert caught.value.code == "invalid_engagement"
    assert assay.flush()
    assert twin.taken["engagement"] == {}


@pytest.mark.parametrize("nonsense", ["nonsense", "", None, 5])
def test_it_refuses_a_resolution_that_is_none(make_assay: MakeAssay, nonsense: str) -> None:
    with pytest.raises(AssayError) as caught:
        make_assay().report_engagement(nonsense, engagement_rate=0.5)

    assert caught.value.code == "invalid_resolution_id"


def test_it_loses_no_report_to_sigkill(twin: Twin, make_assay: MakeAssay, tmp_path: Path) -> None:
    make_assay().resolve(category="greeting", variables=ADA)
    make_assay().close()
    twin.stop()
    died = run_program(REPORT_AND_DIE, twin.url, KEY, str(tmp_path / "cache"))
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split()[-1] == "99"

    twin.start()

    assert make_assay().flush()
    assert sorted(report["likes"] for report in twin.taken["engagement"].values()) == list(range(100))


def test_it_sends_once_what_it_had_to_send_twice(twin: Twin, make_assay: MakeAssay) -> None:
    """The server takes the batch, its answer is lost, uses go on: the first count must not grow under its old id."""
    assay = make_assay(send_interval=60)
    twin.losing_answers = True
    resolution = assay.resolve(category="greeting", variables=ADA)
    assay.report_engagement(resolution, engagement_rate=0.5)
    assert not assay.flush()
    assay.resolve(category="greeting", variables=ADA)
    assert not assay.flush()

    twin.losing_answers = False
    assay.resolve(category="greeting", variables=ADA)

    assert assay.flush()
    assert twin.uses() == 3
    assert len(twin.taken["engagement"]) == 1


def test_it_does_not_grow_with_each_failed_attempt(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    assay = make_assay(send_interval=60)
    assay.resolve(category="greeting", variables=ADA)
    twin.stop()

    for _ in range(50):
        assay.resolve(category="greeting", variables=ADA)
        assert not assay.flush()

    with sqlite3.connect(folder_of() / "outbox.db") as database:
        assert database.execute("SELECT count(*) FROM item").fetchone()[0] <= 2
    twin.start()
    assert assay.flush()
    assert twin.uses() == 51


def test_it_sends_many_in_batches(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolution = assay.resolve(category="greeting", variables=ADA)
    for number in range(1100):
        assay.report_engagement(resolution, likes=number, impressions=2000)

    assert assay.flush()
    assert len(twin.taken["engagement"]) == 1100
    assert max(size for _, size in twin.posts) <= 500


def test_it_drops_what_the_server_rejects_and_says_so(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish(make_content(*two_prompts()), make_scores())
    twin.rejecting = {uuid_of(3)}
    assay = make_assay(send_interval=60)
    good = assay.resolve(category="greeting", variables=ADA)
    bad = assay.resolve(category="farewell", variables=ADA)
    for resolution in (bad, good, bad):
        assay.report_engagement(resolution, engagement_rate=0.5)

    with pytest.warns(AssayWarning, match="2 of 3 engagement items for good: unknown_prompt"):
        assert assay.flush()

    assert [report["prompt_id"] for report in twin.taken["engagement"].values()] == [uuid_of(2)]
    posted = len(twin.posts)
    assert assay.flush()
    assert len(twin.posts) == posted


def test_it_finds_the_one_item_that_spoils_a_batch(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish(make_content(*two_prompts()), make_scores())
    twin.choking_on = {uuid_of(3)}
    assay = make_assay(send_interval=60)
    good = assay.resolve(category="greeting", variables=ADA)
    bad = assay.resolve(category="farewell", variables=ADA)
    for number in range(300):
        assay.report_engagement(bad if number == 123 else good, likes=number, impressions=300)

    with pytest.warns(AssayWarning, match="refused one engagement item for good: HTTP 400 invalid_body"):
        assert assay.flush()

    assert {report["likes"] for report in twin.taken["engagement"].values()} == set(range(300)) - {123}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_it_keeps_what_a_server_in_trouble_does_not_take(twin: Twin, make_assay: MakeAssay, status: int) -> None:
    assay = make_assay(refresh_interval=60, send_interval=60)
    assay.report_engagement(assay.resolve(category="greeting", variables=ADA), engagement_rate=0.5)
    twin.failing = status
    assert not assay.flush()

    twin.failing = None

    assert assay.flush()
    assert len(twin.taken["engagement"]) == 1
    assert twin.uses() == 1


def test_it_drops_the_oldest_when_the_queue_is_full(twin: Twin, make_assay: MakeAssay) -> None:
    with make_assay() as first:
        resolution = first.resolve(category="greeting", variables=ADA)
    twin.stop()
    with make_assay(send_interval=60) as second:
        for number in range(25):
            second.report_engagement(resolution, likes=number, impressions=100)

    with pytest.warns(AssayWarning, match="15 oldest items"):  # noqa: PT031 - it comes from a thread
        third = make_assay(max_queue=10)
        twin.start()
        assert wait_until(lambda: len(twin.taken["engagement"]) == 10)

    assert third.flush()
    assert {report["likes"] for report in twin.taken["engagement"].values()} == set(range(15, 25))


def test_it_sets_a_damaged_queue_aside(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    with make_assay() as first:
        resolution = first.resolve(category="greeting", variables=ADA)
    (folder_of() / "outbox.db").write_bytes(b"This is no database." * 500)

    assay = make_assay(send_interval=60)
    with pytest.warns(AssayWarning, match="damaged"):  # noqa: PT031 - it comes from a thread
        assay.report_engagement(resolution, engagement_rate=0.5)
        assert wait_until(assay.flush)

    assert len(twin.taken["engagement"]) == 1
    assert (folder_of() / "outbox.db.damaged").exists()


def test_it_goes_on_in_memory_when_the_disk_refuses_the_queue(
    twin: Twin, make_assay: MakeAssay, folder_of: FolderOf
) -> None:
    with make_assay() as first:
        resolution = first.resolve(category="greeting", variables=ADA)
    for file in folder_of().glob("outbox.db*"):
        file.unlink()
    (folder_of() / "outbox.db").mkdir()

    with pytest.warns(AssayWarning, match="goes on in memory"):  # noqa: PT031 - it comes from a thread
        assay = make_assay()
        assay.report_engagement(resolution, engagement_rate=0.5)
        assert wait_until(lambda: assay.flush() and len(twin.taken["engagement"]) == 1)


def test_it_keeps_no_content_in_its_queue(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    twin.publish(make_content(make_prompt(text="Markword one: {{ name }}")), make_scores())
    with make_assay() as assay:
        resolution = assay.resolve(category="greeting", variables={"name": "Markword two"}, unit="markword-three")
        twin.failing = 503
        assay.report_engagement(resolution, engagement_rate=0.5)
        assay.flush()

    kept = b"".join(file.read_bytes() for file in folder_of().glob("outbox*"))
    assert resolution.resolution_id.encode() in kept
    assert b"arkword" not in kept


def test_it_shares_the_queue_between_processes(twin: Twin, make_assay: MakeAssay, tmp_path: Path) -> None:
    program = """
import sys
from assay import Assay
from tests.sdk.patience import be_patient
be_patient()
assay = Assay(sys.argv[1], sys.argv[2], cache_dir=sys.argv[3], send_interval=0.05)
for number in range(200):
    resolution = assay.resolve(category="greeting", variables={"name": "Ada"})
    assay.report_engagement(resolution, likes=number, impressions=1000)
"""
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(run_program, program, twin.url, KEY, str(tmp_path / "cache")) for _ in range(3)]
    for each in running:
        assert each.result().returncode == 0, each.result().stderr

    assert make_assay().flush()
    assert len(twin.taken["engagement"]) == 600
    assert twin.uses() == 600


def test_it_never_puts_more_in_one_count_than_the_server_takes(tmp_path: Path) -> None:
    outbox = Outbox(None, limit=100)
    for _ in range(3):
        outbox.count_usage({("prompt", "version"): MAX_COUNT - 1})
    outbox.count_usage({("prompt", "version"): 2 * MAX_COUNT + 5})

    items = [json.loads(bytes(item.body)) for item in outbox.take("usage", outbox.newest(), 100, 1_000_000)]

    assert sum(item["count"] for item in items) == 5 * MAX_COUNT + 2
    assert max(item["count"] for item in items) <= MAX_COUNT
    assert len({item["id"] for item in items}) == len(items)


def test_it_says_whether_everything_went(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    assert assay.flush()
    assay.resolve(category="greeting", variables=ADA)
    twin.stop()

    assert not assay.flush(timeout=0.5)
    assert not assay.close(timeout=0.5)
