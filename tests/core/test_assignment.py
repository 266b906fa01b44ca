"""Who takes part in an experiment, and in which arm: sticky, without storage, alike in every language."""

from base64 import b64encode

import pytest
from assay.core import assign, token
from assay.core.bundle import Bundle
from assay.core.errors import BundleError
from assay.core.resolve import Request, Resolution, resolve
from assay.core.shapes import Arm, Content, Experiment, ProjectSettings, Prompt, Scores
from assay.core.trial import Trial
from scipy.stats import chi2_contingency, chisquare

from tests.core.bundles import PROJECT, identifier, make_prompt, make_version

VERSIONS = [make_version(number, content=f"arm {number}", variables={}) for number in range(3)]
PROMPT = Prompt(
    id=identifier(1),
    name="greeting",
    category="caption",
    vertical="generic",
    platform=None,
    agent_code=None,
    language="en",
    technique="",
    labels={"production": VERSIONS[0].id, "latest": VERSIONS[2].id},
    versions=VERSIONS,
)
SHARES = (5000, 3000, 2000)


def make_experiment(
    salt: str = "salt", coverage: int = 10_000, known: str | None = None, withdrawn: int | None = None
) -> Experiment:
    arms = [
        Arm(number, VERSIONS[number].id, share, withdrawn=number == withdrawn) for number, share in enumerate(SHARES)
    ]
    return Experiment(identifier(900), PROMPT.id, salt, coverage, arms, known)


def make_bundle(experiment: Experiment, *rivals: Prompt, **scores: float) -> Bundle:
    content = Content(
        project=ProjectSettings(PROJECT, "bakery"),
        revision=1,
        prompts=[PROMPT, *rivals],
        experiments=[experiment],
        clients=[],
    )
    return Bundle(content, Scores(1, 1, scores={id_: (score, 0.0, 0.0) for id_, score in scores.items()}))


def arm_of(unit: str, experiment: Experiment) -> int | None:
    versions = {(PROMPT.id, version.id): version for version in VERSIONS}
    assigned = assign.assign(Trial(experiment, versions), unit, assign.unit_hash(PROJECT, unit))
    return assigned[0].number if assigned else None


def ask(bundle: Bundle, **request: str) -> Resolution:
    return resolve(bundle, Request(**({"category": "caption"} | request)))


# Worked out apart from the code: sha256sum of "salt:arm:user-1" and so on,
# its first 16 digits, shifted by 11, over 2^53.
@pytest.mark.parametrize(
    ("purpose", "unit", "expected"),
    [
        ("arm", "user-1", 0.17775373796975258),
        ("coverage", "user-1", 0.2740020552478397),
        ("arm", "ключ", 0.6165946667175565),
    ],
)
def test_it_gives_the_same_number_in_every_language(purpose: str, unit: str, expected: float) -> None:
    assert assign.fraction("salt", purpose, unit) == expected


def test_arms_get_their_shares() -> None:
    experiment = make_experiment()
    counts = [0, 0, 0]
    for number in range(100_000):
        arm = arm_of(f"unit-{number}", experiment)
        assert arm is not None
        counts[arm] += 1
    assert chisquare(counts, [share * 10 for share in SHARES]).pvalue > 0.001


def test_two_experiments_share_no_chance() -> None:
    one, other = make_experiment("one"), make_experiment("other")
    table = [[0] * 3 for _ in range(3)]
    for number in range(100_000):
        table[arm_of(f"unit-{number}", one) or 0][arm_of(f"unit-{number}", other) or 0] += 1
    assert chi2_contingency(table).pvalue > 0.001


def test_taking_part_says_nothing_of_the_arm() -> None:
    everybody, some = make_experiment(), make_experiment(coverage=3000)
    inside, outside = [0, 0, 0], [0, 0, 0]
    for number in range(100_000):
        unit = f"unit-{number}"
        (outside if arm_of(unit, some) is None else inside)[arm_of(unit, everybody) or 0] += 1
    assert sum(inside) == pytest.approx(30_000, rel=0.03)
    assert chi2_contingency([inside, outside]).pvalue > 0.001


def test_when_coverage_grows_units_only_join() -> None:
    steps = [make_experiment(coverage=coverage) for coverage in (500, 2000, 5000, 10_000)]
    for number in range(2_000):
        arms = [arm_of(f"unit-{number}", step) for step in steps]
        joined = [arm for arm in arms if arm is not None]
        assert arms == [None] * (len(arms) - len(joined)) + joined
        assert len(set(joined)) == 1


def test_a_unit_meets_its_arm_and_the_answer_says_so() -> None:
    bundle, experiment = make_bundle(make_experiment()), make_experiment()
    for unit in ("ann", "ben", "cat", "dan"):
        arm = arm_of(unit, experiment)
        answer = ask(bundle, unit=unit)
        assert answer.text == f"arm {arm}"
        assert answer.experiment is not None
        assert (answer.experiment.id, answer.experiment.arm) == (experiment.id, arm)
        named = token.read(answer.resolution_id)
        assert (named.experiment_id, named.arm) == (experiment.id, arm)
        assert named.unit_hash == assign.unit_hash(PROJECT, unit)


def test_without_a_unit_or_under_another_label_nobody_takes_part() -> None:
    bundle = make_bundle(make_experiment())
    assert (ask(bundle).text, ask(bundle).experiment) == ("arm 0", None)
    latest = ask(bundle, unit="ann", label="latest")
    assert (latest.text, latest.experiment) == ("arm 2", None)


def test_a_unit_outside_the_coverage_gets_production() -> None:
    answer = ask(make_bundle(make_experiment(coverage=0)), unit="ann")
    assert (answer.text, answer.experiment) == ("arm 0", None)


def test_a_withdrawn_arm_leaves_its_units_to_production_and_its_share_to_nobody() -> None:
    whole, without = make_experiment(), make_experiment(withdrawn=1)
    for number in range(500):
        before, after = arm_of(f"unit-{number}", whole), arm_of(f"unit-{number}", without)
        assert after == (None if before == 1 else before)


def test_where_nobody_is_exposed_any_more_only_the_known_keep_their_arm() -> None:
    known = b64encode(assign.unit_hash(PROJECT, "ann")).decode()
    bundle = make_bundle(make_experiment(known=known))
    assert ask(bundle, unit="ann").experiment is not None
    assert ask(bundle, unit="ben").experiment is None


def test_a_prompt_with_an_experiment_holds_its_context_before_better_rivals() -> None:
    rival = make_prompt(2)
    bundle = make_bundle(make_experiment(), rival, **{rival.id: 9.0, PROMPT.id: 1.0})
    assert ask(bundle, unit="ann").prompt.id == PROMPT.id
    assert ask(bundle).prompt.id == PROMPT.id


@pytest.mark.parametrize(
    "broken",
    [
        Experiment(identifier(900), PROMPT.id, "salt", 10_000, [Arm(0, VERSIONS[0].id, 5000)]),
        Experiment(identifier(900), PROMPT.id, "salt", 10_000, [Arm(0, identifier(77), 10_000)]),
        make_experiment(known="not base64"),
        make_experiment(known=b64encode(b"seven b").decode()),
    ],
)
def test_a_bundle_whose_experiment_is_broken_is_refused(broken: Experiment) -> None:
    with pytest.raises(BundleError):
        make_bundle(broken)
