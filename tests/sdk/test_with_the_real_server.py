"""The SDK and the server agree: what is chosen, what is counted, what is learned, who may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assay import Assay, AssayError, AssayUnavailable, AssayWarning
from pytest_django.live_server_helper import LiveServer

from experiments.fold import fold
from experiments.models import Execution, Exposure, Outcome, UnitTotal
from sentinel.create_key import create_key
from sentinel.models import ApiKey
from sentinel.revoke_key import revoke_key
from tests.conftest import Person
from tests.experiments.cast import make_experiment
from tests.sdk.twin import wait_until
from vault.create_prompt import create_prompt
from vault.models import Prompt

CONTEXT = {"name": "Greeting", "category": "greeting", "vertical": "generic", "language": "en"}
ADA = {"name": "Ada"}

# What a test expects it asserts; a warning besides is no news here.
pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")


@pytest.fixture
def greeting(transactional_db: None, mia: Person) -> Prompt:
    return create_prompt(access=mia.access, context=CONTEXT, content="Hello {{ name }}")


@pytest.fixture
def assay(live_server: LiveServer, mia: Person, greeting: Prompt, tmp_path: Path) -> Iterator[Assay]:
    """A quick client with Mia's key."""
    client = connect(live_server, mia.key, tmp_path)
    yield client
    client.close(timeout=1)


def connect(live_server: LiveServer, key: str, cache_dir: Path, **settings: Any) -> Assay:
    quick = {"refresh_interval": 0.05, "send_interval": 60}
    return Assay(live_server.url, key, cache_dir=cache_dir, **(quick | settings))


def test_it_answers_what_the_server_answers(assay: Assay, mia: Person) -> None:
    ours = assay.resolve(category="greeting", variables=ADA, unit="ada")
    theirs = mia.http().post(
        "/api/v1/resolve",
        {"category": "greeting", "variables": ADA, "unit": "ada"},
        content_type="application/json",
    )

    answer = theirs.json()
    assert ours.text == answer["text"] == "Hello Ada"
    assert (ours.prompt.id, ours.prompt.name) == (answer["prompt"]["id"], answer["prompt"]["name"])
    assert (ours.version.id, ours.version.number) == (answer["version"]["id"], answer["version"]["number"])
    assert (ours.tier, ours.revision) == (answer["tier"], answer["revision"])


def test_it_serves_what_is_published(assay: Assay, mia: Person, greeting: Prompt) -> None:
    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"

    changed = mia.http().patch(
        f"/api/v1/prompt-vault/{greeting.pk}/",
        {"content": "Good day {{ name }}", "publish": True},
        content_type="application/json",
    )

    assert changed.status_code == 200, changed.content
    assert wait_until(lambda: assay.resolve(category="greeting", variables=ADA).text == "Good day Ada")


def test_it_teaches_the_vault(assay: Assay, greeting: Prompt) -> None:
    resolution = assay.resolve(category="greeting", variables=ADA)
    assay.resolve(category="greeting", variables=ADA)
    assay.report_engagement(resolution, likes=10, impressions=10)
    assay.report_engagement(resolution.resolution_id, engagement_rate=0.5)

    assert assay.flush()

    greeting.refresh_from_db()
    assert greeting.performance_score == pytest.approx(0.7 * (0.7 * 5 + 0.3 * 10) + 0.3 * 5)
    assert greeting.times_used == 2
    score = greeting.performance_score
    assert wait_until(
        lambda: assay.resolve(category="greeting", variables=ADA).prompt.performance_score == pytest.approx(score)
    )


def test_it_tells_the_server_what_was_seen_of_units(live_server: LiveServer, mia: Person, tmp_path: Path) -> None:
    """A unit meets its arm, is used for, and brings something: all of it counts, however late the exposure comes."""
    experiment = make_experiment(mia)
    with connect(live_server, mia.key, tmp_path) as assay:
        resolution = assay.resolve(category="email", vertical="food", unit="ann", variables=ADA)
        assert resolution.experiment is not None
        assay.execution(resolution, response_time_ms=700, accuracy=0.5, cost_usd=0.25)
        assay.outcome(resolution, "click_through", 1)
        assay.outcome("ann", "user_satisfaction", 0.75)
        assay.outcome(resolution, "completeness", 0.25)
        assay.report_engagement(resolution, likes=1, impressions=4)
        assert assay.flush()

    exposure = Exposure.objects.get(experiment=experiment)
    assert exposure.arm == resolution.experiment.arm
    assert set(Outcome.objects.values_list("unit", flat=True)) == {exposure.unit}
    told = dict(Outcome.objects.values_list("metric__slug", "value"))
    assert told == {
        "click_through": 1.0,
        "user_satisfaction": 0.75,
        "completeness": 0.25,
        "engagement": 1.0,
        "response_time_ms": 700.0,
        "error_rate": 0.0,
        "accuracy": 0.5,
        "cost_usd": 0.25,
    }
    execution = Execution.objects.get()
    assert (execution.completeness, execution.engagements, execution.impressions) == (0.25, 1.0, 4.0)
    fold(project_id=mia.project.pk)
    assert UnitTotal.objects.get(experiment=experiment).value == 1.0


def test_it_hears_from_the_server_what_cannot_be_taken(
    assay: Assay, live_server: LiveServer, stranger: Person, mia: Person, tmp_path: Path
) -> None:
    """Sven reports on a prompt of the bakery, which for him does not exist."""
    resolution = assay.resolve(category="greeting", variables=ADA)
    svens = connect(live_server, stranger.key, tmp_path)
    svens.report_engagement(resolution, engagement_rate=1.0)

    with pytest.warns(AssayWarning, match="rejected 1 of 1 engagement"):
        assert svens.flush()

    assert Prompt.objects.get().performance_score == 5.0
    with pytest.raises(AssayError) as caught:
        svens.resolve(category="greeting", variables=ADA)
    assert caught.value.code == "no_prompt"
    svens.close()


def test_it_serves_on_after_its_key_was_revoked(assay: Assay, mia: Person, adam: Person) -> None:
    assay.resolve(category="greeting", variables=ADA)

    with pytest.warns(AssayWarning, match="refuses the key") as warned:  # noqa: PT031 - it comes from a thread
        revoke_key(access=adam.access, key=ApiKey.objects.get(made_by=mia.user))
        assert wait_until(lambda: any(warning.category is AssayWarning for warning in warned))

    assert assay.resolve(category="greeting", variables=ADA).text == "Hello Ada"
    assert not assay.flush()


def test_it_resolves_with_a_key_that_may_only_read(
    live_server: LiveServer, mia: Person, greeting: Prompt, tmp_path: Path
) -> None:
    _, key = create_key(project=mia.project, made_by=mia.user, permissions=["prompts.read"], name="reader")
    with connect(live_server, key, tmp_path) as reader:
        resolution = reader.resolve(category="greeting", variables=ADA)
        assert reader.flush()
        reader.report_engagement(resolution, engagement_rate=1.0)
        assert not reader.flush()

    greeting.refresh_from_db()
    assert (greeting.times_used, greeting.performance_score) == (1, 5.0)


def test_it_says_which_key_is_none(live_server: LiveServer, greeting: Prompt, tmp_path: Path) -> None:
    with connect(live_server, "not-a-key", tmp_path) as client, pytest.raises(AssayUnavailable, match="401"):
        client.resolve(category="greeting")
