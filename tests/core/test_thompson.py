"""The `thompson` policy: draws from posteriors that neither forget a newcomer nor trust to luck."""

import statistics
from collections import Counter
from itertools import pairwise

import pytest
from assay.core.assign import fraction
from assay.core.bundle import Bundle
from assay.core.posterior import Posterior, levels
from assay.core.select import Context, select
from assay.core.shapes import Content, ProjectSettings, Prompt, Scores, Version

CONTEXT = Context(category="ad", vertical="food")


def prompt_id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def make_bundle(*earned: tuple[float, float], prior: tuple[float, float] = (1.0, 50.0)) -> Bundle:
    """A bundle of one context with a prompt for each (engagements, impressions)."""
    prompts = [
        Prompt(
            id=prompt_id(number),
            name=f"prompt {number}",
            category="ad",
            vertical="food",
            platform=None,
            agent_code=None,
            language="en",
            technique="",
            labels={"production": prompt_id(100 + number)},
            versions=[Version(prompt_id(100 + number), "1.0.0", "text", "Hello")],
        )
        for number in range(len(earned))
    ]
    project = ProjectSettings(prompt_id(999), "bakery", policy="thompson")
    scores = {prompt_id(number): (5.0, *totals) for number, totals in enumerate(earned)}
    return Bundle(Content(project, 1, prompts), Scores(revision=1, content_revision=1, prior=prior, scores=scores))


def chosen(bundle: Bundle, visitors: int = 2000) -> Counter[str]:
    """How often each prompt serves this many visitors."""
    draws = (fraction("salt", "draw", f"visitor {number}") for number in range(visitors))
    return Counter(select(bundle, CONTEXT, draw).prompt.name for draw in draws)


def test_it_draws_the_same_levels_everywhere() -> None:
    # Worked out apart from this code: SHA-256 of the seed, its four big-endian numbers shifted right by 12, plus a
    # half, over 2^52, through the standard normal's inverse; the first goes into each of the others by √3/2, they
    # themselves by 1/2.
    assert levels(b"assay", 4) == pytest.approx(
        [0.4185507720205997, -0.2348162694773596, 0.8516558709027869, 0.3332081975759535], abs=1e-9
    )


def test_it_draws_for_a_prompt_what_it_would_without_those_after_it() -> None:
    assert levels(b"assay", 40)[:7] == levels(b"assay", 7)


def test_it_leans_the_levels_on_each_other_by_three_quarters_and_leaves_each_a_standard_normal() -> None:
    pairs = [levels(str(seed).encode(), 2) for seed in range(5000)]
    first, second = zip(*pairs, strict=True)
    assert statistics.correlation(first, second) == pytest.approx(0.75, abs=0.03)
    assert statistics.fmean(second) == pytest.approx(0, abs=0.05)
    assert statistics.stdev(second) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize(
    ("alpha", "beta", "level", "expected"),
    # Exact quantiles: of Beta(1, b) by its closed form 1 - (1 - p)^(1/b); of the others from tables of the beta
    # distribution.
    [
        (1, 60, -1, 0.00288),
        (1, 60, 1, 0.03022),
        (1, 60, 2, 0.06111),
        (20, 1000, -2, 0.01190),
        (20, 1000, 0, 0.01929),
        (20, 1000, 2, 0.02919),
        (50, 50, 1, 0.55000),
        (400, 5, -1, 0.98234),
    ],
)
def test_it_finds_the_quantiles_of_a_posterior(alpha: float, beta: float, level: float, expected: float) -> None:
    assert Posterior(alpha, beta).quantile(level) == pytest.approx(expected, abs=0.0004)


@pytest.mark.parametrize(("alpha", "beta"), [(1, 1), (1, 1e6), (1e15, 1), (3.5, 9), (1e12, 1e15)])
def test_it_stays_between_0_and_1_and_rises_with_the_level(alpha: float, beta: float) -> None:
    found = [Posterior(alpha, beta).quantile(step / 10) for step in range(-85, 86)]
    assert all(0 <= rate <= 1 for rate in found)
    assert all(before <= after + 1e-15 for before, after in pairwise(found))


def test_it_chooses_the_same_for_the_same_unit() -> None:
    bundle = make_bundle((5, 400), (6, 400), (0, 0))
    assert [select(bundle, CONTEXT, 0.3).prompt.id for _ in range(5)] == [select(bundle, CONTEXT, 0.3).prompt.id] * 5


def test_it_shares_a_crowd_between_newcomers_before_the_first_report() -> None:
    counts = chosen(make_bundle((0, 0), (0, 0), (0, 0), prior=(1.0, 1.0)))
    assert all(count > 500 for count in counts.values()), counts


def test_it_gives_a_newcomer_its_chance_beside_a_proven_one() -> None:
    counts = chosen(make_bundle((200, 10_000), (0, 0)))
    assert counts["prompt 1"] > 200, counts


def test_it_does_not_let_a_lucky_start_win_for_ever() -> None:
    # The first had 3 of its first 20; the other proves its 3 % on thousands. The lucky one is still asked now and then,
    # and once it has shown 2 % on thousands as well, hardly anybody gets it any more.
    lucky = chosen(make_bundle((3, 20), (150, 5000)))
    assert lucky["prompt 1"] > 100, lucky
    seen_through = chosen(make_bundle((100, 5000), (150, 5000)))
    assert seen_through["prompt 0"] < 60, seen_through
    assert seen_through["prompt 1"] > 1900, seen_through


def test_it_leaves_what_is_known_to_be_worse() -> None:
    counts = chosen(make_bundle((100, 20_000), (400, 20_000)))
    assert counts == {"prompt 1": 2000}
