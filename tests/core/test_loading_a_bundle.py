"""A bundle is read strictly: anything off is one BundleError, never a half-read bundle."""

from typing import Any

import msgspec
import pytest
from assay.core.bundle import Bundle
from assay.core.errors import BundleError
from assay.core.load import load_content, load_scores
from assay.core.shapes import Content, Scores

from tests.core.bundles import identifier, make_bundle, make_prompt


def content_document() -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(make_bundle(make_prompt()).content))
    return document


def scores_document() -> dict[str, Any]:
    scores = {identifier(1): (6.5, 3.0, 24.0)}
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(Scores(3, 7, (1.0, 9.0), scores)))
    return document


def put(document: dict[str, Any], path: str, value: object) -> bytes:
    *way, last = path.split("/")
    place: Any = document
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return msgspec.json.encode(document)


def test_it_reads_back_what_was_written() -> None:
    content = make_bundle(make_prompt(1), make_prompt(2, platform="instagram", agent_code="REX")).content
    scores = Scores(3, 7, (1.0, 9.0), {identifier(1): (6.5, 3, 24)})

    assert load_content(msgspec.json.encode(content)) == content
    assert load_scores(msgspec.json.encode(scores)) == scores


def test_it_names_its_revision_from_both_parts() -> None:
    bundle = make_bundle(make_prompt())

    assert bundle.revision == "7.3"
    assert bundle.with_scores(Scores(4, 7)).revision == "7.4"


def test_it_lets_members_be_that_a_newer_server_added() -> None:
    assert load_content(put(content_document(), "prompts/0/novelty", 1)) == make_bundle(make_prompt()).content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("revision", -1),
        ("revision", "7"),
        ("format", 2),
        ("project/policy", "luck"),
        ("project/id", "1"),
        ("prompts/0/id", "0198C5A0-0000-7000-8000-000000000001"),
        ("prompts/0/labels", {"production": "nothing"}),
        ("prompts/0/versions/0/kind", "poem"),
        ("prompts/0/versions/0/content", 5),
        ("prompts/0/versions/0/content", [{"role": "robot", "content": ""}]),
        ("prompts/0/language", None),
        ("prompts", {}),
        ("clients", [{"id": "x", "name": "y"}]),
    ],
)
def test_it_refuses_content_that_is_off(path: str, value: object) -> None:
    with pytest.raises(BundleError):
        load_content(put(content_document(), path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("prior", [0, 1]),
        ("prior", [1]),
        ("scores/" + identifier(1), [11, 0, 0]),
        ("scores/" + identifier(1), [5, -1, 0]),
        ("scores/" + identifier(1), [5, 3, 2]),
        ("scores/" + identifier(1), [5, 3]),
        ("scores", {"one": [5, 0, 0]}),
        ("content_revision", None),
        ("format", 0),
    ],
)
def test_it_refuses_scores_that_are_off(path: str, value: object) -> None:
    with pytest.raises(BundleError):
        load_scores(put(scores_document(), path, value))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"\xff"', b"[" * 100_000, b'{"revision":' + b"9" * 5000 + b"}", b'{"a":NaN}']
)
def test_it_refuses_what_is_no_bundle_at_all(body: bytes) -> None:
    for load in (load_content, load_scores):
        with pytest.raises(BundleError):
            load(body)


def test_it_refuses_content_at_odds_with_itself() -> None:
    twice = Content(make_bundle().content.project, 1, [make_prompt(1), make_prompt(1)])
    absent = Content(make_bundle().content.project, 1, [msgspec.structs.replace(make_prompt(1), versions=[])])

    for content in (twice, absent):
        with pytest.raises(BundleError):
            Bundle(content, Scores(1, 1))
