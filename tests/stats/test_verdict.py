"""What is to be done, and why."""

from typing import Any

import pytest

from experiments.stats.plan import Guardrail, Observed, Plan
from experiments.stats.totals import Totals
from experiments.stats.verdict import Verdict, decide
from tests.stats.looks import COMPLAINTS, ERRORS, make_plan, read_all, see

SAME, BETTER, WORSE, SLIGHTLY = (10_000, 2000), (10_000, 2300), (10_000, 1700), (1_000_000, 204_000)
EARLY = (60, 12)
FINE, HARMED = [(10_000, 500), (10_000, 500)], [(10_000, 500), (10_000, 700)]
GUARDED = make_plan(guardrails=(COMPLAINTS,))
THREE = make_plan(treatments=("warm", "short"), shares=(1, 1, 1))


def verdict_on(plan: Plan, *looks: Observed) -> Verdict:
    return decide(read_all(plan, *looks))


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("plan", "counts", "given", "outcome", "code"),
    [
        (make_plan(), (SAME, BETTER), {}, "ship", "ahead"),
        (make_plan(), (SAME, WORSE), {}, "roll_back", "worse"),
        (make_plan(primary=ERRORS), (SAME, WORSE), {}, "ship", "ahead"),
        (make_plan(primary=ERRORS), (SAME, BETTER), {}, "roll_back", "worse"),
        (make_plan(), (SAME, SAME), {}, "keep_running", "undecided"),
        (make_plan(), (EARLY, (60, 40)), {}, "keep_running", "too_early"),
        (make_plan(), ((0, 0), (0, 0)), {}, "keep_running", "too_early"),
        (make_plan(), ((1_000_000, 200_000), SLIGHTLY), {}, "inconclusive", "too_small"),
        (make_plan(), ((1_000_000, 200_000), (1_000_000, 200_000)), {}, "inconclusive", "too_small"),
        (make_plan(smallest_effect=0.0), ((1_000_000, 200_000), SLIGHTLY), {}, "ship", "ahead"),
        (make_plan(), (SAME, SAME), {"time_up": True}, "inconclusive", "time_up"),
        (make_plan(), (EARLY, EARLY), {"time_up": True}, "inconclusive", "time_up"),
        (make_plan(), (SAME, BETTER), {"exposed": (10_000, 11_000)}, "inconclusive", "split_unsound"),
        (make_plan(), (SAME, WORSE), {"exposed": (10_000, 11_000)}, "inconclusive", "split_unsound"),
        (make_plan(), (EARLY, EARLY), {"exposed": (1000, 1400)}, "inconclusive", "split_unsound"),
        (make_plan(), (SAME, BETTER), {"in_two_arms": 300}, "inconclusive", "units_unsound"),
        (GUARDED, (SAME, BETTER), {"complaints": FINE}, "ship", "ahead"),
        (GUARDED, (SAME, BETTER), {"complaints": HARMED}, "roll_back", "guardrail_crossed"),
        (GUARDED, (EARLY, EARLY), {"complaints": HARMED}, "roll_back", "guardrail_crossed"),
        (
            GUARDED,
            (SAME, BETTER),
            {"complaints": HARMED, "exposed": (10_000, 11_000)},
            "roll_back",
            "guardrail_crossed",
        ),
        (GUARDED, (SAME, BETTER), {"complaints": [(60, 3), (60, 3)]}, "keep_running", "guardrail_unread"),
        (GUARDED, (SAME, WORSE), {"complaints": [(60, 3), (60, 3)]}, "roll_back", "worse"),
    ],
)
def test_it_decides_by_the_first_rule_that_applies(
    plan: Plan, counts: tuple[tuple[int, int], ...], given: dict[str, Any], outcome: str, code: str
) -> None:
    verdict = verdict_on(plan, see(plan, *counts, **given))
    assert (verdict.outcome, codes(verdict)[0]) == (outcome, code)
    assert verdict.treatment == ("warm" if outcome == "ship" else None)


def test_it_calls_an_effect_that_changed_inconclusive() -> None:
    plan = make_plan()
    up, down = see(plan, SAME, BETTER), see(plan, (100_000, 20_000), (100_000, 17_000))
    verdict = verdict_on(plan, up, down)
    assert (verdict.outcome, codes(verdict), verdict.concludes) == ("inconclusive", ["changed_over_time"], True)


def test_it_does_not_ship_on_rows_that_came_late() -> None:
    plan = make_plan()
    for late, outcome in ((100, "ship"), (101, "keep_running")):
        treated = Totals.of_conversion(*BETTER, rows=10_000, late=late)
        seen = see(plan, SAME, BETTER)
        seen = Observed(totals={"orders": (seen.totals["orders"][0], treated)}, phases=seen.phases)
        verdict = verdict_on(plan, seen)
        assert verdict.outcome == outcome
    assert codes(verdict) == ["late_rows"]


def test_it_still_rolls_back_on_rows_that_came_late() -> None:
    plan = make_plan()
    seen = see(plan, SAME, WORSE)
    treated = Totals.of_conversion(*WORSE, rows=10_000, late=5000)
    seen = Observed(totals={"orders": (seen.totals["orders"][0], treated)}, phases=seen.phases)
    assert verdict_on(plan, seen).outcome == "roll_back"


def test_it_ships_the_best_of_those_that_may() -> None:
    verdict = verdict_on(THREE, see(THREE, SAME, BETTER, (10_000, 2400)))
    assert (verdict.outcome, verdict.treatment) == ("ship", "short")
    less = make_plan(treatments=("warm", "short"), shares=(1, 1, 1), primary=ERRORS)
    assert verdict_on(less, see(less, SAME, WORSE, (10_000, 1600))).treatment == "short"


def test_it_ships_one_while_others_are_open_or_bad() -> None:
    assert verdict_on(THREE, see(THREE, SAME, SAME, BETTER)).treatment == "short"
    verdict = verdict_on(THREE, see(THREE, SAME, WORSE, BETTER))
    assert (verdict.treatment, verdict.withdraw) == ("short", ())


def test_it_withdraws_a_single_bad_treatment_and_goes_on() -> None:
    verdict = verdict_on(THREE, see(THREE, SAME, WORSE, SAME))
    assert (verdict.outcome, verdict.withdraw, verdict.concludes) == ("keep_running", ("warm",), False)
    again = verdict_on(THREE, see(THREE, SAME, WORSE, SAME, withdrawn=frozenset({"warm"})))
    assert (again.outcome, again.withdraw) == ("keep_running", ())


def test_it_rolls_back_when_every_treatment_is_bad() -> None:
    verdict = verdict_on(THREE, see(THREE, SAME, WORSE, WORSE))
    assert (verdict.outcome, verdict.withdraw, verdict.concludes) == ("roll_back", (), True)
    withdrawn = verdict_on(THREE, see(THREE, SAME, SAME, WORSE, withdrawn=frozenset({"warm"})))
    assert withdrawn.outcome == "roll_back"


def test_it_ends_when_none_can_ship_any_more() -> None:
    many = (1_000_000, 200_000)
    verdict = verdict_on(THREE, see(THREE, many, many, (1_000_000, 190_000)))
    assert (verdict.outcome, verdict.concludes) == ("inconclusive", True)
    assert [each.outcome for each in verdict.treatments] == ["inconclusive", "roll_back"]


def test_it_concludes_nothing_from_data_that_cannot_be_trusted() -> None:
    verdict = verdict_on(make_plan(), see(make_plan(), SAME, BETTER, exposed=(10_000, 11_000)))
    assert (verdict.concludes, verdict.holds_ramp, verdict.calls_person) == (False, True, True)


@pytest.mark.parametrize(("complaints", "holds"), [(FINE, False), ([(60, 3), (60, 3)], True), (HARMED, True)])
def test_it_holds_the_ramp_until_all_guardrails_are_read_and_sound(complaints: Any, holds: bool) -> None:
    verdict = verdict_on(GUARDED, see(GUARDED, SAME, SAME, complaints=complaints))
    assert verdict.holds_ramp is holds
    assert not verdict.calls_person


def test_it_speaks_in_words_that_a_person_understands() -> None:
    plan = make_plan(guardrails=(Guardrail(COMPLAINTS.metric, 0.1),))
    ship = verdict_on(plan, see(plan, SAME, BETTER, complaints=FINE))
    assert ship.reasons[0].text.startswith("warm is better than the control: orders changes by +")
    harmed = verdict_on(plan, see(plan, SAME, BETTER, complaints=HARMED))
    assert harmed.reasons[0].text == (
        "warm harms complaints: it is worse than with the control by more than the 10 % that was allowed."
    )
    early = verdict_on(make_plan(), see(make_plan(), EARLY, EARLY))
    assert early.reasons[0].text == (
        "Too early: the smaller of warm and the control has 60 of the 100 units from which on it is read."
    )
