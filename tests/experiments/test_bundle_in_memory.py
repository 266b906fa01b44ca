"""How a process keeps a bundle: made beside the requests, never served when too old, and not made twice over."""

import math
import time
from collections.abc import Callable

import msgspec
import pytest
from assay.core.shapes import Client as Customer
from assay.core.shapes import Content, ProjectSettings, Version
from assay.core.shapes import Prompt as CorePrompt
from django.test import Client
from pytest_django import Settings

from experiments.bundle import SERVED_ON, Part, Served, serve
from experiments.read_bundle import read_bundle
from tests.conftest import Person, make_person, make_project
from tests.experiments.test_resolve import make_prompt
from vault.add_version import add_version
from vault.learn import Report, learn
from vault.models import Prompt


def until(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within half a minute."""
    deadline = time.monotonic() + 30
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def serve_for_long(person: Person) -> Served:
    """Its bundle, which gets no older from now on, however long the test takes."""
    served = serve(person.project.pk)
    served.current_at = math.inf
    return served


def publish(person: Person, prompt: Prompt, content: str) -> None:
    add_version(access=person.access, prompt=prompt, content=content, publish=True)


def texts(served: Served) -> set[object]:
    return {version.content for prompt in served.bundle.content.prompts for version in prompt.versions}


def make_core_prompt(number: int) -> CorePrompt:
    id_ = f"00000000-0000-7000-8000-{number:012d}"
    version = Version(id_, "1.0.0", "text", 'He said "prompts":[]')
    place = {"category": "ad", "vertical": "food", "platform": None, "agent_code": None, "language": "en"}
    labels = {"latest": id_}
    return CorePrompt(id=id_, name=f"prompt {number}", technique="", labels=labels, versions=[version], **place)


@pytest.fixture
def mia(transactional_db: None, settings: Settings) -> Person:
    """A member whose changes other threads see, on a server that makes bundles aside."""
    settings.BUNDLES_BUILT_ASIDE = True
    return make_person("mia", make_project("bakery"), "member")


def test_it_serves_the_last_bundle_while_the_next_is_made(mia: Person) -> None:
    prompt = make_prompt(mia, "old")
    first = serve_for_long(mia)
    publish(mia, prompt, "new")
    assert serve(mia.project.pk) is first
    assert until(lambda: texts(serve(mia.project.pk)) == {"new"})


def test_it_makes_whoever_would_get_too_old_a_bundle_wait_for_the_new_one(mia: Person) -> None:
    prompt = make_prompt(mia, "old")
    first = serve(mia.project.pk)
    publish(mia, prompt, "new")
    first.current_at -= SERVED_ON + 0.1
    assert texts(serve(mia.project.pk)) == {"new"}


def test_it_counts_a_bundle_as_fresh_from_the_last_look_that_found_it_so(mia: Person) -> None:
    make_prompt(mia)
    served = serve(mia.project.pk)
    served.current_at = 0.0
    serve(mia.project.pk)
    assert served.current_at > 0.0


def test_it_has_a_part_ready_for_whoever_asked_for_the_last_one(mia: Person) -> None:
    prompt = make_prompt(mia, "old")
    http = Client(headers={"Authorization": f"Bearer {mia.key}"})
    http.get("/api/v1/bundle")
    serve_for_long(mia)
    publish(mia, prompt, "new")
    assert until(lambda: texts(serve(mia.project.pk)) == {"new"} and bool(serve(mia.project.pk)._parts))
    assert set(serve(mia.project.pk)._parts) == {("content", True)}
    assert b'"new"' in http.get("/api/v1/bundle").content


def test_it_makes_no_prompt_twice_that_is_still_the_same(mia: Person) -> None:
    changed, same = make_prompt(mia), make_prompt(mia, name="farewell")
    before = {prompt.id: prompt for prompt in read_bundle(mia.project.pk).content.prompts}
    known = read_bundle(mia.project.pk)
    publish(mia, changed, "Hi {{ name }}")
    after = {prompt.id: prompt for prompt in read_bundle(mia.project.pk, known).content.prompts}
    kept = {prompt.id: prompt for prompt in known.content.prompts}
    assert after[str(same.pk)] is kept[str(same.pk)]
    assert after[str(changed.pk)] != before[str(changed.pk)]
    assert after.keys() == before.keys()


def test_it_reads_the_same_anew_as_on_top_of_what_it_knows(mia: Person) -> None:
    prompts = [make_prompt(mia, name=f"prompt {number}") for number in range(5)]
    known = read_bundle(mia.project.pk)
    publish(mia, prompts[0], "Hi {{ name }}, welcome")
    add_version(access=mia.access, prompt=prompts[1], content="A draft for {{ name }}")
    Prompt.objects.filter(pk=prompts[2].pk).update(is_active=False)
    Prompt.objects.filter(pk=prompts[3].pk).update(technique="PAS")
    make_prompt(mia, name="a new one")
    assert read_bundle(mia.project.pk, known).content == read_bundle(mia.project.pk).content


def test_it_keeps_the_content_as_it_is_when_only_scores_move(mia: Person) -> None:
    prompt = make_prompt(mia)
    known = read_bundle(mia.project.pk)
    learn(
        project_id=mia.project.pk,
        reports=[Report(prompt_id=prompt.pk, rate=0.5, engagements=5, impressions=10)],
    )
    moved = read_bundle(mia.project.pk, known)
    assert moved.content is known.content
    assert moved.score(moved.content.prompts[0]) == (5.0, 5.0, 10.0)


@pytest.mark.parametrize("number", [0, 1, 250, 251, 600])
def test_it_packs_piece_by_piece_what_it_would_pack_whole(number: int) -> None:
    project = ProjectSettings("00000000-0000-7000-8000-000000000999", 'a "prompts":[] slug')
    content = Content(project, 7, [make_core_prompt(each) for each in range(number)], clients=[Customer("id", "Ann")])
    part = Part.of(content)
    assert part.body == msgspec.json.encode(content)
    assert Part.of(content) == part
    assert Part.of(Content(project, 8, content.prompts, clients=content.clients)).etag != part.etag
