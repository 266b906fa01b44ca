"""Which prompt serves a context: tiers, languages, agents, policies."""

from collections import Counter

import pytest
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from assay.core.select import Context, Selection, select
from assay.core.shapes import Prompt
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.bundles import identifier, make_bundle, make_prompt


def naive(bundle: Bundle, context: Context) -> tuple[str, str, str] | None:
    """The design's sentences, read one by one over all prompts: (prompt id, tier, language)."""
    default = bundle.content.project.default_language
    for language in (context.language or default, default):
        spoken = [
            prompt
            for prompt in bundle.content.prompts
            if prompt.language == language and prompt.category == context.category and context.label in prompt.labels
        ]
        serving = [prompt for prompt in spoken if not prompt.agent_code or prompt.agent_code == context.agent_code]
        exact = [
            prompt
            for prompt in spoken
            if prompt.vertical == context.vertical
            and prompt.platform
            and prompt.platform == context.platform
            and prompt.agent_code
            and prompt.agent_code == context.agent_code
        ]
        vertical = [prompt for prompt in serving if prompt.vertical == context.vertical]
        generic = [prompt for prompt in serving if prompt.vertical == "generic"]
        for tier, found in (("exact", exact), ("vertical", vertical), ("generic", generic)):
            if found:
                best = min(found, key=lambda prompt: (-bundle.score(prompt)[0], prompt.id))
                return best.id, tier, language
    return None


categories, verticals = st.sampled_from(["ad", "email"]), st.sampled_from(["health", "generic"])
platforms, agents = st.sampled_from([None, "x", "y"]), st.sampled_from([None, "", "REX", "NOVA"])
languages, labels = st.sampled_from(["en", "fr"]), st.sampled_from([("production", "latest"), ("latest",)])
prompts = st.lists(
    st.builds(
        make_prompt,
        number=st.integers(1, 1000),
        category=categories,
        vertical=verticals,
        platform=platforms,
        agent_code=agents,
        language=languages,
        labels=labels,
        name=st.just("p"),
    ),
    max_size=25,
    unique_by=lambda prompt: prompt.id,
)
contexts = st.builds(
    Context,
    category=categories,
    vertical=st.none() | verticals,
    platform=platforms,
    agent_code=agents,
    language=st.none() | languages,
)


@settings(max_examples=400)
@given(prompts, contexts, st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_it_chooses_as_the_tiers_read_one_by_one(found: list[Prompt], context: Context, scores: list[int]) -> None:
    numbers = [int(prompt.id[-12:], 16) for prompt in found]
    bundle = make_bundle(*found, scores={number: (score, 0, 0) for number, score in zip(numbers, scores, strict=False)})
    expected = naive(bundle, context)

    if expected is None:
        with pytest.raises(AssayError) as refused:
            select(bundle, context, 0.5)
        assert refused.value.code == "no_prompt"
    else:
        chosen = select(bundle, context, 0.5)
        assert (chosen.prompt.id, chosen.tier, chosen.prompt.language) == expected
        assert chosen.language_fallback == (context.language not in (None, chosen.prompt.language))


def chosen_of(bundle: Bundle, **context: str) -> tuple[str, str]:
    return drawn_from(bundle, 0.5, **context)


def drawn_from(bundle: Bundle, draw: float, /, **context: str) -> tuple[str, str]:
    selection: Selection = select(bundle, Context(**context), draw)
    return selection.prompt.id, selection.tier


def test_it_goes_from_exact_to_vertical_to_generic() -> None:
    exact = make_prompt(3, vertical="health", platform="instagram", agent_code="REX")
    vertical = make_prompt(2, vertical="health", platform="facebook")
    generic = make_prompt(1, vertical="generic")
    asked = {"category": "caption", "vertical": "health", "platform": "instagram", "agent_code": "REX"}

    assert chosen_of(make_bundle(exact, vertical, generic), **asked) == (exact.id, "exact")
    assert chosen_of(make_bundle(vertical, generic), **asked) == (vertical.id, "vertical")
    assert chosen_of(make_bundle(generic), **asked) == (generic.id, "generic")


def test_it_takes_a_context_without_a_vertical_as_generic() -> None:
    bundle = make_bundle(make_prompt(1, vertical="health"), make_prompt(2))

    assert chosen_of(bundle, category="caption") == (identifier(2), "generic")


def test_it_never_serves_one_agents_prompt_to_another() -> None:
    bundle = make_bundle(make_prompt(1, vertical="health", agent_code="REX"))

    assert chosen_of(bundle, category="caption", vertical="health", agent_code="REX")[1] == "vertical"
    for other in ({}, {"agent_code": "NOVA"}):
        with pytest.raises(AssayError):
            select(bundle, Context(category="caption", vertical="health", **other), 0.5)


def test_it_takes_the_higher_score_and_in_a_tie_the_lower_id() -> None:
    three = [make_prompt(number) for number in (3, 1, 2)]

    assert chosen_of(make_bundle(*three), category="caption")[0] == identifier(1)
    assert chosen_of(make_bundle(*three, scores={2: (5.1, 0, 0)}), category="caption")[0] == identifier(2)
    assert chosen_of(make_bundle(*three, scores={1: (4.9, 0, 0)}), category="caption")[0] == identifier(2)


def test_it_follows_new_scores_and_leaves_the_old_bundle_as_it_was() -> None:
    before = make_bundle(make_prompt(1), make_prompt(2))
    assert chosen_of(before, category="caption")[0] == identifier(1)
    after = before.with_scores(make_bundle(scores={2: (9.0, 0, 0)}).scores)

    assert chosen_of(after, category="caption")[0] == identifier(2)
    assert chosen_of(before, category="caption")[0] == identifier(1)


def test_it_falls_back_to_the_default_language_only_when_no_tier_has_the_one_asked_for() -> None:
    french, english = make_prompt(1, language="fr"), make_prompt(2, vertical="health", language="en")
    bundle = make_bundle(french, english)

    assert chosen_of(bundle, category="caption", vertical="health", language="fr") == (french.id, "generic")
    german = select(bundle, Context(category="caption", vertical="health", language="de"), 0.5)
    assert (german.prompt.id, german.language_fallback) == (english.id, True)
    assert not select(bundle, Context(category="caption", vertical="health"), 0.5).language_fallback


def test_it_serves_only_what_carries_the_label() -> None:
    bundle = make_bundle(make_prompt(1, labels=("staging", "latest")), make_prompt(2), scores={1: (9, 0, 0)})

    assert chosen_of(bundle, category="caption")[0] == identifier(2)
    assert chosen_of(bundle, category="caption", label="staging")[0] == identifier(1)
    assert chosen_of(bundle, category="caption", label="latest")[0] == identifier(1)


def test_it_finds_a_prompt_by_its_name_and_language() -> None:
    english, french = make_prompt(1, name="welcome"), make_prompt(2, name="welcome", language="fr")
    only = make_prompt(3, name="adieu", language="fr")
    bundle = make_bundle(english, french, only)

    assert chosen_of(bundle, name="welcome") == (english.id, "name")
    assert chosen_of(bundle, name="welcome", language="fr") == (french.id, "name")
    assert chosen_of(bundle, name="welcome", language="de") == (english.id, "name")
    assert chosen_of(bundle, name="adieu") == (only.id, "name")
    with pytest.raises(AssayError):
        select(bundle, Context(name="adieu", language="de"), 0.5)


def refusal_of(bundle: Bundle, **context: str) -> AssayError:
    with pytest.raises(AssayError) as refused:
        select(bundle, Context(**context), 0.5)
    assert refused.value.status == 404
    return refused.value


def test_it_names_the_nearest_contexts_when_nothing_serves() -> None:
    bundle = make_bundle(
        make_prompt(1, category="email", vertical="health"),
        make_prompt(2, category="caption", vertical="construction"),
        make_prompt(3, category="caption", vertical="health", agent_code="REX"),
    )

    refusal = refusal_of(bundle, category="caption", vertical="health")
    assert refusal.code == "no_prompt"
    assert refusal.extra["nearest"][0] == {
        "category": "caption",
        "vertical": "health",
        "platform": None,
        "agent_code": "REX",
        "language": "en",
    }
    misspelt = refusal_of(bundle, category="captoin", vertical="health")
    assert misspelt.extra["nearest"][0]["category"] == "caption"
    assert refusal_of(bundle, name="promt 2").extra["nearest"][0]["name"] == "prompt 2"


def test_it_says_when_the_label_is_unknown() -> None:
    bundle = make_bundle(make_prompt(1, name="welcome", labels=("latest", "staging")))

    assert refusal_of(bundle, category="caption", label="prodction").code == "unknown_label"
    assert refusal_of(bundle, name="welcome").extra["labels"] == ["latest", "staging"]
    assert refusal_of(bundle, category="caption").code == "no_prompt"
    assert refusal_of(make_bundle(), category="caption").extra["nearest"] == []


@given(st.floats(0, 1, exclude_max=True))
def test_thompson_is_a_pure_function_of_bundle_context_and_draw(draw: float) -> None:
    def bundle() -> Bundle:
        three = [make_prompt(number) for number in (1, 2, 3)]
        return make_bundle(*three, policy="thompson", scores={1: (5, 5, 100), 2: (5, 6, 100)})

    first = select(bundle(), Context(category="caption"), draw)
    assert select(bundle(), Context(category="caption"), draw) == first


def test_thompson_gives_a_newcomer_its_chance_and_mostly_takes_the_better() -> None:
    known_good, known_bad, newcomer = (make_prompt(number) for number in (1, 2, 3))
    bundle = make_bundle(
        known_good,
        known_bad,
        newcomer,
        policy="thompson",
        prior=(2.0, 48.0),
        scores={1: (5, 60, 1000), 2: (9, 20, 1000)},
    )

    counts = Counter(drawn_from(bundle, number / 2000, category="caption")[0] for number in range(2000))
    assert counts[known_good.id] > 1000
    assert counts[newcomer.id] > 100
    assert counts[known_bad.id] < 50


def test_thompson_draws_apart_for_each_context() -> None:
    both = [make_prompt(number, vertical="generic") for number in (1, 2)]
    bundle = make_bundle(*both, policy="thompson")

    same = sum(
        drawn_from(bundle, number / 1000, category="caption", vertical="health")
        == drawn_from(bundle, number / 1000, category="caption", vertical="restaurants")
        for number in range(1000)
    )
    assert 400 < same < 600
