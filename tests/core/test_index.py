"""An index that is carried over from the last bundle's is the very index that would be built anew."""

import copy
import random

import pytest
from assay.core.bundle import Bundle
from assay.core.errors import BundleError
from assay.core.index import Index
from assay.core.resolve import Request, resolve
from assay.core.shapes import Content, ProjectSettings, Prompt, Scores, Version

PROJECT = ProjectSettings("00000000-0000-7000-8000-000000000999", "bakery")


def make_prompt(number: int, source: random.Random) -> Prompt:
    """A prompt somewhere among a few contexts, so that many share one."""
    version = f"00000000-0000-7000-9000-{source.randrange(10**12):012d}"
    labels = source.choice([{"production": version}, {"latest": version}, {"production": version, "latest": version}])
    return Prompt(
        id=f"00000000-0000-7000-8000-{number:012d}",
        name=f"prompt {source.randrange(20)}",
        category=source.choice(["ad", "email"]),
        vertical=source.choice(["food", "generic"]),
        platform=source.choice([None, "instagram"]),
        agent_code=source.choice([None, "RAFA", "REX"]),
        language=source.choice(["en", "fr"]),
        technique="",
        labels=labels,
        versions=[Version(version, "1.0.0", "text", "Hello")],
    )


def told(index: Index) -> dict[str, object]:
    """All that an index holds, but its caches."""
    fields = ("exact", "pools", "names", "versions", "labels", "brands", "prompts")
    return {field: getattr(index, field) for field in fields}


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_same_as_built_anew_after_any_change(seed: int) -> None:
    source = random.Random(seed)
    prompts = {number: make_prompt(number, source) for number in range(120)}
    index = Index(Content(PROJECT, 1, list(prompts.values())))
    for _ in range(30):
        before, kept = index, copy.deepcopy(told(index))
        for _ in range(source.randrange(5)):
            number = source.randrange(130)
            if source.random() < 0.3:
                prompts.pop(number, None)
            else:
                prompts[number] = make_prompt(number, source)
        shuffled = source.sample(list(prompts.values()), len(prompts))
        index = Index(Content(PROJECT, 2, shuffled), before)
        assert told(index) == told(Index(Content(PROJECT, 2, shuffled)))
        assert told(before) == kept


def test_it_shares_what_has_not_changed() -> None:
    source = random.Random(1)
    prompts = [make_prompt(number, source) for number in range(100)]
    first = Index(Content(PROJECT, 1, prompts))
    second = Index(Content(PROJECT, 2, prompts[1:]), first)
    shared = [place for place, pools in first.pools.items() if second.pools.get(place) is pools]
    assert len(shared) > len(first.pools) // 2


def test_it_serves_what_came_and_not_what_went() -> None:
    source = random.Random(2)
    prompts = [make_prompt(number, source) for number in range(100)]
    wanted = next(prompt for prompt in prompts if "production" in prompt.labels and not prompt.agent_code)
    others = [prompt for prompt in prompts if prompt is not wanted]
    request = Request(prompt=wanted.name, language=wanted.language)
    without = Bundle(Content(PROJECT, 1, [p for p in others if p.name != wanted.name]), Scores(1, 1))
    again = Bundle(Content(PROJECT, 2, [*without.content.prompts, wanted]), Scores(2, 2), previous=without)
    assert resolve(again, request).prompt.id == wanted.id


@pytest.mark.parametrize("number", [0, 100])
def test_it_refuses_a_label_on_an_absent_version(number: int) -> None:
    source = random.Random(3)
    prompts = [make_prompt(each, source) for each in range(100)]
    index = Index(Content(PROJECT, 1, prompts))
    sound = make_prompt(number, source)
    broken = Prompt(**{field: getattr(sound, field) for field in sound.__struct_fields__} | {"versions": []})
    changed = [prompt for prompt in prompts if prompt.id != broken.id] + [broken]
    for previous in (None, index):
        with pytest.raises(BundleError, match="absent version"):
            Index(Content(PROJECT, 2, changed), previous)


def test_it_refuses_a_prompt_that_is_there_twice() -> None:
    prompt = make_prompt(1, random.Random(4))
    with pytest.raises(BundleError, match="twice"):
        Index(Content(PROJECT, 1, [prompt, prompt]))
