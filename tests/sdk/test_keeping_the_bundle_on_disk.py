"""The last good bundle lies on disk, for this user alone, and is not trusted blindly."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from assay import Assay, AssayUnavailable, AssayWarning

from tests.sdk.conftest import MakeAssay
from tests.sdk.twin import KEY, Twin, make_content, make_prompt, make_scores, uuid_of, wait_until

ADA = {"name": "Ada"}
FolderOf = Callable[[], Path]


def greet(assay: Assay) -> str | None:
    return assay.resolve(category="greeting", variables=ADA).text


def remember(make_assay: MakeAssay, twin: Twin) -> None:
    """Let one client keep the bundle; then the server dies."""
    with make_assay() as assay:
        greet(assay)
    twin.stop()


def test_it_answers_from_disk_when_the_server_is_dead(twin: Twin, make_assay: MakeAssay) -> None:
    remember(make_assay, twin)

    assert greet(make_assay()) == "Hello Ada"


def test_it_keeps_the_scores_too(twin: Twin, make_assay: MakeAssay) -> None:
    twin.publish(make_content(make_prompt(2), make_prompt(3)), make_scores(1, 1, **{uuid_of(3): (8.0, 1, 2)}))
    remember(make_assay, twin)

    assert make_assay().resolve(category="greeting", variables=ADA).prompt.id == uuid_of(3)


def test_it_fetches_nothing_again_that_it_has_on_disk(twin: Twin, make_assay: MakeAssay) -> None:
    with make_assay() as assay:
        greet(assay)
    twin.gets.clear()

    assay = make_assay()
    greet(assay)

    assert wait_until(lambda: ("/api/v1/bundle/scores", 304) in twin.gets)
    assert all(status == 304 for _, status in twin.gets)


def test_it_lets_nobody_else_read_it(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    before = os.umask(0)
    try:
        assay = make_assay()
        resolution = assay.resolve(category="greeting", variables=ADA)
        assay.report_engagement(resolution, engagement_rate=0.5)
        assert wait_until((folder_of() / "content.cache").exists)
        assert wait_until((folder_of() / "scores.cache").exists)
    finally:
        os.umask(before)

    assert stat.S_IMODE(folder_of().stat().st_mode) == 0o700
    files = sorted(folder_of().iterdir())
    assert {file.name for file in files} >= {"content.cache", "scores.cache", "outbox.db"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_it_closes_a_folder_that_stood_open(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    remember(make_assay, twin)
    folder_of().chmod(0o755)

    greet(make_assay())

    assert stat.S_IMODE(folder_of().stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied", "headless", "other_etag"])
def test_it_ignores_a_damaged_file_with_a_warning(
    twin: Twin, make_assay: MakeAssay, folder_of: FolderOf, damage: str
) -> None:
    remember(make_assay, twin)
    kept = folder_of() / "content.cache"
    whole = kept.read_bytes()
    header, _, body = whole.split(b"\n", 2)
    damaged = {
        "cut": whole[:-20],
        "changed": whole.replace(b"Hello", b"Hallo"),
        "emptied": b"",
        "headless": body,
        "other_etag": b"\n".join([header, b'"other"', body]),
    }
    kept.write_bytes(damaged[damage])

    with pytest.warns(AssayWarning, match="content of the bundle"):  # noqa: PT031 - it comes from a thread
        assay = make_assay(start_timeout=0.0)
        assert wait_until(lambda: assay._engine._refresh_pace.failing)  # it has looked on disk before it asked

    with pytest.raises(AssayUnavailable):
        greet(assay)


def test_it_replaces_a_damaged_file_once_the_server_is_back(
    twin: Twin, make_assay: MakeAssay, folder_of: FolderOf
) -> None:
    remember(make_assay, twin)
    kept = folder_of() / "content.cache"
    good = kept.read_bytes()
    kept.write_bytes(good[:-1])
    twin.start()

    with pytest.warns(AssayWarning, match="damaged"):
        assert greet(make_assay()) == "Hello Ada"

    assert wait_until(lambda: kept.read_bytes() == good)


def test_it_serves_without_scores_when_only_those_are_damaged(
    twin: Twin, make_assay: MakeAssay, folder_of: FolderOf
) -> None:
    remember(make_assay, twin)
    (folder_of() / "scores.cache").write_bytes(b"damaged")

    with pytest.warns(AssayWarning, match="scores of the bundle"):
        resolution = make_assay().resolve(category="greeting", variables=ADA)

    assert resolution.text == "Hello Ada"
    assert resolution.prompt.performance_score == 5.0


def test_it_ignores_a_bundle_of_a_later_format(twin: Twin, make_assay: MakeAssay) -> None:
    remember(make_assay, twin)
    twin.start()
    assay = make_assay()
    twin.publish(make_content(revision=2, format=99), make_scores(2, 2))
    assert wait_until(lambda: ("/api/v1/bundle", 200) in twin.gets[2:])

    assert greet(assay) == "Hello Ada"
    assay.close()
    twin.stop()
    assert greet(make_assay()) == "Hello Ada"


def test_it_goes_on_in_memory_where_the_folder_cannot_be_used(
    twin: Twin, make_assay: MakeAssay, tmp_path: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")

    with pytest.warns(AssayWarning, match="in memory only"):
        assay = make_assay(cache_dir=blocked)

    resolution = assay.resolve(category="greeting", variables=ADA)
    assay.report_engagement(resolution, engagement_rate=0.5)
    assert assay.flush()
    assert twin.uses() == 1
    assert len(twin.taken["engagement"]) == 1


def test_it_follows_no_link_to_elsewhere(
    twin: Twin, make_assay: MakeAssay, folder_of: FolderOf, tmp_path: Path
) -> None:
    remember(make_assay, twin)
    folder = folder_of()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.warns(AssayWarning, match="not a folder"), pytest.raises(AssayUnavailable):
        greet(make_assay(start_timeout=0.1))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a folder to another user")
def test_it_trusts_no_folder_of_another_user(twin: Twin, make_assay: MakeAssay, folder_of: FolderOf) -> None:
    remember(make_assay, twin)
    os.chown(folder_of(), 12345, 12345)

    with pytest.warns(AssayWarning, match="another user"), pytest.raises(AssayUnavailable):
        greet(make_assay(start_timeout=0.1))


def test_it_never_shows_one_key_the_bundle_of_another(twin: Twin, make_assay: MakeAssay) -> None:
    remember(make_assay, twin)

    with pytest.raises(AssayUnavailable):
        greet(make_assay(key=KEY + "x", start_timeout=0.1))


def test_it_writes_nothing_beside_the_folder_it_was_given(twin: Twin, make_assay: MakeAssay, tmp_path: Path) -> None:
    remember(make_assay, twin)

    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
