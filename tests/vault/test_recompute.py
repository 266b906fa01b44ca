"""The history replayed: it finds no difference, unless somebody made one."""

import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.conftest import Person
from tests.vault.test_learn import make_prompt, make_report, taught
from vault.models import Prompt
from vault.recompute import recompute


def run(*arguments: str) -> tuple[int, str]:
    """The command's exit code and what it printed."""
    printed = StringIO()
    try:
        call_command("recompute_scores", *arguments, stdout=printed)
    except SystemExit as ended:
        return int(ended.code or 0), printed.getvalue()
    return 0, printed.getvalue()


def make_taught_prompt(person: Person, name: str = "greeting", reports: int = 60) -> Prompt:
    """A prompt with reports whose rates no double holds exactly."""
    prompt = make_prompt(person, name)
    source = random.Random(name)
    for _ in range(reports // 3):
        taught(prompt, *(make_report(prompt, source.random(), source.randrange(1, 1000)) for _ in range(3)))
    prompt.refresh_from_db()
    return prompt


def tamper(prompt: Prompt, assignment: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE vault_prompt SET {assignment} WHERE id = %s", [prompt.pk])


def test_it_finds_no_difference_to_the_last_bit(mia: Person) -> None:
    make_taught_prompt(mia)
    make_prompt(mia, "never reported on")
    assert recompute() == []
    assert run("--check") == (0, "No difference: all prompts hold what their reports add up to.\n")


@pytest.mark.parametrize(
    ("field", "assignment"),
    [
        ("performance_score", "performance_score = performance_score + 1e-15"),
        ("engagement_avg", "engagement_avg = 0.5"),
        ("reports", "reports = reports + 1"),
        ("engagements", "engagements = 0"),
        ("impressions", "impressions = impressions * 2"),
    ],
)
def test_it_finds_what_was_tampered_with_and_changes_nothing(mia: Person, field: str, assignment: str) -> None:
    prompt = make_taught_prompt(mia)
    tamper(prompt, assignment)
    before = Prompt.objects.values().get(pk=prompt.pk)
    (difference,) = recompute()
    assert (difference.prompt_id, difference.field) == (prompt.pk, field)
    code, printed = run("--check")
    assert code == 1
    assert f"{field} is" in printed
    assert Prompt.objects.values().get(pk=prompt.pk) == before


def test_it_mends_what_differs_and_leaves_the_rest(mia: Person) -> None:
    prompt, sound = make_taught_prompt(mia), make_taught_prompt(mia, "farewell")
    right = prompt.performance_score
    tamper(prompt, "performance_score = 9.5, engagements = 3")
    code, printed = run()
    assert code == 0
    assert "2 differences found" in printed
    prompt.refresh_from_db()
    assert prompt.performance_score == right
    assert run("--check")[0] == 0
    assert Prompt.objects.get(pk=sound.pk).updated_at == sound.updated_at


def test_it_lets_a_mended_prompt_learn_on(mia: Person) -> None:
    prompt = make_taught_prompt(mia)
    tamper(prompt, "performance_score = 0, reports = 7000")
    run()
    taught(prompt, make_report(prompt))
    assert recompute() == []


def test_it_looks_at_one_project_alone(mia: Person, stranger: Person) -> None:
    make_taught_prompt(mia)
    tamper(make_taught_prompt(stranger), "performance_score = 0")
    assert run("--check", "--project", "bakery")[0] == 0
    assert run("--check", "--project", "sawmill")[0] == 1
    with pytest.raises(CommandError, match="no project"):
        run("--project", "nowhere")
