"""Tests replayed in a real project: the seed decides, whichever door is taken, and the vault does learn."""

import re
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from experiments.replay.alone import LOCK
from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import add_up
from experiments.replay.register import PROJECTS, register
from experiments.replay.run import replay
from sentinel.models import ApiKey, Project
from vault.models import EngagementReport, Prompt, VaultSettings
from vault.recompute import recompute

TESTS = [HeadlineTest("a", (0.30, 0.05, 0.10)), HeadlineTest("b", (0.02, 0.20))]

pytestmark = pytest.mark.django_db(transaction=True)


def make_file(folder: Path) -> str:
    file = folder / "tests.csv"
    rows = [f"{test.id},{arm},100,{100 * rate:.0f}" for test in TESTS for arm, rate in enumerate(test.rates)]
    file.write_text("\n".join(["test_id,arm,impressions,clicks", *rows]) + "\n")
    return str(file)


def run(file: str, **options: object) -> str:
    printed = StringIO()
    call_command("replay", file, visitors=200, batch=50, stdout=printed, **options)
    return printed.getvalue()


def test_it_prints_the_same_for_the_same_seed_byte_for_byte(tmp_path: Path) -> None:
    file = make_file(tmp_path)
    first = run(file)
    assert run(file) == first
    assert run(file, seed=2) != first


def test_it_comes_out_over_http_as_in_this_process(live_server: LiveServer) -> None:
    User.objects.create_superuser("root")
    inside = replay(TESTS, seed=5, visitors=200, batch=50)
    assert replay(TESTS, seed=5, visitors=200, batch=50, url=live_server.url) == inside
    assert ApiKey.objects.count() == 2
    assert not ApiKey.objects.active().exists()


def test_it_learns_what_the_better_arms_are() -> None:
    outcomes = replay(TESTS, seed=1, visitors=3000, batch=100)
    for policy, found in outcomes.items():
        closed = add_up(found).gap_closed
        assert closed is not None
        assert closed > 0.5, policy
    assert recompute() == []


def test_it_puts_each_test_into_a_context_with_a_prompt_for_each_arm() -> None:
    stage = register(TESTS, "thompson")
    assert (stage.project.slug, stage.project.pk) == ("replay-thompson", PROJECTS["thompson"])
    assert VaultSettings.objects.get(project=stage.project).policy == "thompson"
    assert {test_id: len(prompts) for test_id, prompts in stage.prompts.items()} == {"a": 3, "b": 2}
    assert all(prompts == sorted(prompts) for prompts in stage.prompts.values())


def test_it_starts_from_nothing_again_with_the_prompts_it_has() -> None:
    replay(TESTS, seed=1, visitors=100, batch=50)
    prompts = set(Prompt.objects.values_list("pk", flat=True))
    stage = register(TESTS, "score")
    assert set(Prompt.objects.values_list("pk", flat=True)) == prompts
    assert not EngagementReport.objects.filter(project=stage.project).exists()
    assert set(Prompt.objects.in_project(stage.project.pk).values_list("performance_score", "impressions")) == {
        (5.0, 0)
    }


def test_it_lets_the_prompts_of_other_tests_rest_and_takes_them_up_again() -> None:
    first = register(TESTS, "score")
    other = register([HeadlineTest("c", (0.1, 0.2))], "score")
    assert other.prompts.keys() == {"c"}
    again = register(TESTS, "score")
    assert again.prompts.keys() == first.prompts.keys()


def test_it_leaves_a_project_alone_that_only_has_the_name() -> None:
    Project.objects.create(id=uuid4(), slug="replay-score", name="Mine")
    with pytest.raises(AssayError) as caught:
        register(TESTS, "score")
    assert caught.value.code == "project_taken"
    assert not Prompt.objects.exists()


def test_it_refuses_a_second_replay_at_the_same_time(tmp_path: Path) -> None:
    with connections.create_connection("default").cursor() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="Another replay is under way"):
            run(make_file(tmp_path))
        other.connection.close()


def test_it_says_that_no_server_answers(tmp_path: Path, settings: Settings) -> None:
    User.objects.create_superuser("root")
    with pytest.raises(CommandError, match="does not answer"):
        run(make_file(tmp_path), url="http://127.0.0.1:9")
    settings.ASSAY_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="make run"):
        call_command("demo")


@pytest.mark.parametrize("options", [{"visitors": 0}, {"visitors": 10, "batch": 11}, {"batch": 0}])
def test_it_refuses_numbers_that_make_no_sense(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="--visitors"):
        call_command("replay", make_file(tmp_path), **options)


def test_it_says_which_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=re.escape("nowhere.csv cannot be read")):
        run(str(tmp_path / "nowhere.csv"))
