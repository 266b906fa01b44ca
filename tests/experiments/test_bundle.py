"""What an SDK gets to decide with: two parts, each sent again only when it has changed."""

import gzip
from uuid import uuid4

import msgspec
import pytest
from assay.core.load import load_content, load_scores
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from experiments.bundle import serve
from sentinel.create_key import create_key
from sentinel.models import Project, ScoreMark
from sentinel.revision import look
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt
from vault.add_version import add_version
from vault.learn import Report, learn
from vault.models import Client as Customer
from vault.models import Prompt, VaultSettings
from vault.move_label import move_label


def report(prompt: Prompt, rate: float = 0.5) -> None:
    learn(
        project_id=prompt.project_id,
        reports=[Report(prompt_id=prompt.pk, rate=rate, engagements=rate * 10, impressions=10)],
    )


def test_it_holds_prompts_with_their_labelled_versions(mia: Person) -> None:
    prompt = make_prompt(mia)
    add_version(access=mia.access, prompt=prompt, content="Hi {{ name }}")
    newest = add_version(access=mia.access, prompt=prompt, content="Hey {{ name }}")
    content = load_content(mia.http().get("/api/v1/bundle").content)
    (served,) = content.prompts
    assert served.labels["latest"] == str(newest.pk)
    assert {version.number for version in served.versions} == {"1.0.0", "1.2.0"}


def test_it_is_not_sent_again_while_it_stands(mia: Person) -> None:
    make_prompt(mia)
    http = mia.http()
    for part in ("/api/v1/bundle", "/api/v1/bundle/scores"):
        etag = http.get(part)["ETag"]
        again = http.get(part, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)


def test_it_is_packed_for_who_can_unpack_it(mia: Person) -> None:
    make_prompt(mia)
    packed = mia.http().get("/api/v1/bundle", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert load_content(gzip.decompress(packed.content)).prompts


def test_feedback_moves_the_scores_and_not_the_content(mia: Person) -> None:
    prompt = make_prompt(mia)
    http = mia.http()
    content, scores = http.get("/api/v1/bundle"), http.get("/api/v1/bundle/scores")
    report(prompt)
    assert http.get("/api/v1/bundle")["ETag"] == content["ETag"]
    moved = http.get("/api/v1/bundle/scores")
    assert moved["ETag"] != scores["ETag"]
    assert load_scores(moved.content).scores[str(prompt.pk)] == (5.0, 5.0, 10.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda mia, prompt: add_version(access=mia.access, prompt=prompt, content="New {{ name }}"),
        lambda mia, prompt: move_label(
            access=mia.access, prompt=prompt, label="staging", version=prompt.versions.first()
        ),
        lambda mia, prompt: Customer.objects.create(project=mia.project, name="Acme"),
        lambda mia, prompt: VaultSettings.objects.update_or_create(
            project=mia.project, defaults={"policy": "thompson"}
        ),
        lambda mia, prompt: Prompt.objects.filter(pk=prompt.pk).update(is_active=False),
        lambda mia, prompt: connection.cursor().execute("UPDATE vault_prompt SET technique = 'PAS'"),
        lambda mia, prompt: Project.objects.filter(pk=mia.project.pk).update(slug="bakery-2"),
    ],
    ids=["version", "label", "client", "settings", "prompt", "raw-sql", "project"],
)
def test_whatever_is_served_moves_the_content(mia: Person, change: object) -> None:
    prompt = make_prompt(mia)
    before = look(mia.project.pk)
    change(mia, prompt)  # type: ignore[operator]
    after = look(mia.project.pk)
    assert after.content > before.content
    assert serve(mia.project.pk).bundle.content.revision == after.content


def test_a_change_in_one_project_leaves_the_others_where_they_were(mia: Person, stranger: Person) -> None:
    before = look(stranger.project.pk)
    report(make_prompt(mia))
    assert look(stranger.project.pk) == before


def test_scores_move_once_for_all_marks_and_not_before_the_pause_is_over(mia: Person, settings: Settings) -> None:
    prompt = make_prompt(mia)
    for _ in range(3):
        report(prompt)
    before = look(mia.project.pk)
    assert ScoreMark.objects.count() == 0
    settings.SCORES_MOVE_SECONDS = 3600
    report(prompt)
    assert look(mia.project.pk) == before
    settings.SCORES_MOVE_SECONDS = 0
    # The last score of a burst is served too: its mark has waited.
    assert look(mia.project.pk).scores == before.scores + 1
    assert serve(mia.project.pk).bundle.score(serve(mia.project.pk).bundle.content.prompts[0])[2] == 40


def test_it_makes_no_query_while_the_revision_stands(
    mia: Person, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_prompt(mia)
    serve(mia.project.pk)
    with django_assert_num_queries(1):
        serve(mia.project.pk)
    settings.REVISION_LOOK_SECONDS = 3600
    with django_assert_num_queries(0):
        serve(mia.project.pk)


def test_a_key_made_without_clients_sees_none(mia: Person) -> None:
    make_prompt(mia)
    customer = Customer.objects.create(project=mia.project, name="Acme")
    _, key = create_key(
        project=mia.project, made_by=mia.user, permissions=["prompts.read"], name="blind", reads_clients=False
    )
    http = Client(headers={"Authorization": f"Bearer {key}"})
    assert load_content(http.get("/api/v1/bundle").content).clients is None
    assert b"Acme" not in http.get("/api/v1/bundle").content
    body = msgspec.json.encode({"category": "email", "vertical": "food", "client_id": str(customer.pk)})
    answer = http.post("/api/v1/resolve", body, content_type="application/json")
    assert answer.json()["code"] == "no_clients_in_bundle"


def test_it_is_closed_to_whoever_has_no_key(db: None, client: Client) -> None:
    for key in (None, f"assay_{uuid4().hex}"):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = client.get("/api/v1/bundle", headers=headers)
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
