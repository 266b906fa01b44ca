"""Tests replayed as experiments in a real project: the verdicts are acted upon, whichever line is taken."""

from io import StringIO
from pathlib import Path

import pytest
from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from experiments.models import Arm, Experiment, Exposure, Outcome, UnitTotal
from experiments.replay.headlines import HeadlineTest
from experiments.replay.run_experiments import replay_experiments
from experiments.replay.set_up import PROJECT, set_up
from experiments.replay.try_out import Trial
from vault.models import Label, Prompt
from vault.models.labels import PRODUCTION

# In the first a treatment is better, in the second both are worse, in the third one is and one hardly differs.
TESTS = [
    HeadlineTest("a", (0.25, 0.55)),
    HeadlineTest("b", (0.60, 0.25, 0.30)),
    HeadlineTest("c", (0.50, 0.51, 0.15)),
]

pytestmark = pytest.mark.django_db(transaction=True)


def run(url: str | None = None, seed: int = 1) -> list[Trial]:
    return replay_experiments(TESTS, seed=seed, visitors=1_200, batch=150, url=url)


def in_production(experiment: Experiment) -> int:
    label = Label.objects.get(prompt=experiment.prompt, name=PRODUCTION)
    return Arm.objects.get(experiment=experiment, version=label.version).number


def test_it_ships_what_is_better_and_takes_back_what_is_worse() -> None:
    first, second, third = run()
    assert (first.end, first.serves, first.is_best) == ("ship", 1, True)
    assert (second.end, second.serves) == ("roll_back", 0)
    assert (third.end, third.serves) == (None, 0)
    assert first.taken < 1_200
    experiments = {each.prompt.vertical: each for each in Experiment.objects.select_related("prompt")}
    assert {name: each.status for name, each in experiments.items()} == dict.fromkeys("abc", "concluded")
    assert {name: in_production(each) for name, each in experiments.items()} == {"a": 1, "b": 0, "c": 0}
    withdrawn = Arm.objects.exclude(withdrawn_at=None).values_list("experiment__prompt__vertical", "number")
    assert ("c", 2) in list(withdrawn)
    # An arm that was taken out does not make the split look unsound.
    assert not [each for each in experiments.values() if each.alarm]
    assert experiments["c"].evidence["results"]["split"]["sound"]


def test_it_counts_every_visitor_until_the_verdict_and_no_other() -> None:
    (first, _, _) = run()
    experiment = Experiment.objects.get(prompt__vertical="a")
    totals = UnitTotal.objects.filter(experiment=experiment)
    assert totals.count() == Exposure.objects.filter(experiment=experiment).count() == first.taken
    assert experiment.evidence["results"]["units"]["counted"] == first.taken
    assert (
        sum(totals.values_list("value", flat=True))
        == Outcome.objects.filter(unit__in=totals.values_list("unit", flat=True)).count()
    )
    assert not totals.exclude(late_rows=0).exists()
    assert not totals.exclude(rows_before=0).exists()


def test_it_comes_out_the_same_for_the_same_seed_over_http_too(live_server: LiveServer) -> None:
    User.objects.create_superuser("root")
    first = run()
    # The prompts are there by now, and what was seen of the same visitors before is forgotten.
    assert run(live_server.url) == first
    assert run(seed=2) != first
    assert Prompt.objects.in_project(PROJECT).count() == 3


def test_it_ends_what_an_earlier_replay_left_and_lets_other_prompts_rest() -> None:
    left = set_up(TESTS, seed=1, visitors=100)
    again = set_up(TESTS[:1], seed=1, visitors=100)
    assert again.versions["a"] == left.versions["a"]
    live = Experiment.objects.live().values_list("pk", flat=True)
    assert list(live) == [again.experiments["a"]]
    assert list(Prompt.objects.in_project(PROJECT).active().values_list("vertical", flat=True)) == ["a"]
    set_up(TESTS, seed=1, visitors=100)
    assert Prompt.objects.in_project(PROJECT).active().count() == 3


def test_it_refuses_a_test_of_more_arms_than_an_experiment_has() -> None:
    with pytest.raises(AssayError, match="has 11 arms") as caught:
        set_up([HeadlineTest("many", (0.1,) * 11)], seed=1, visitors=100)
    assert caught.value.code == "too_many_arms"


def test_it_prints_what_the_experiments_came_to(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    file.write_text("test_id,arm,impressions,clicks\na,0,100,20\na,1,100,70\n")
    printed = StringIO()
    file.write_text(file.read_text() + "b,0,100,20\nb,1,100,20\n")
    call_command("replay", str(file), experiment=True, tests=1, visitors=600, stdout=printed)
    assert "Of 1 experiments 1 came to a verdict" in printed.getvalue()
