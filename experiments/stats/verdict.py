"""This file lets you decide: ship, keep running, roll back, or say that nothing can be said, each with its reasons."""

from dataclasses import dataclass
from typing import Literal

from experiments.stats import reasons
from experiments.stats.compare import Comparison
from experiments.stats.read import GuardrailReading, Reading
from experiments.stats.reasons import Reason

Outcome = Literal["ship", "keep_running", "roll_back", "inconclusive"]

MOST_LATE_ROWS = 0.01


@dataclass(frozen=True, slots=True)
class TreatmentVerdict:
    """What is to be done with one treatment. `untrusted`: inconclusive because the data cannot be believed."""

    treatment: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    untrusted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with the experiment.

    `treatment`: the one to ship. `withdraw`: treatments to take out while the rest goes on. `concludes`: the
    experiment is over with this. `holds_ramp`: coverage must not grow now. `calls_person`: somebody must look."""

    outcome: Outcome
    treatment: str | None
    reasons: tuple[Reason, ...]
    treatments: tuple[TreatmentVerdict, ...]
    withdraw: tuple[str, ...]
    concludes: bool
    holds_ramp: bool
    calls_person: bool


def decide(reading: Reading) -> Verdict:
    """The verdict on the experiment, from those on its treatments.

    Ship the treatment with the highest estimate among those that may ship; roll back when every treatment is to be;
    inconclusive when none can ship any more, or when the data are not to be trusted (which concludes nothing)."""
    verdicts = tuple(_decide_treatment(reading, arm) for arm in range(1, len(reading.plan.treatments) + 1))
    bad = {each.treatment for each in verdicts if each.outcome == "roll_back"}
    ships = [each for each in verdicts if each.outcome == "ship"]
    untrusted = any(each.untrusted for each in verdicts)
    outcome: Outcome = "keep_running"
    deciding = [each for each in verdicts if each.treatment not in bad]
    if not deciding:
        outcome, deciding = "roll_back", list(verdicts)
    elif ships:
        outcome, deciding = "ship", [max(ships, key=lambda each: _estimate(reading, each.treatment))]
    elif all(each.outcome == "inconclusive" for each in deciding):
        outcome = "inconclusive"
    return Verdict(
        outcome=outcome,
        treatment=deciding[0].treatment if outcome == "ship" else None,
        reasons=tuple(dict.fromkeys(reason for each in deciding for reason in each.reasons)),
        treatments=verdicts,
        withdraw=tuple(sorted(bad - reading.withdrawn)) if outcome in ("keep_running", "inconclusive") else (),
        concludes=outcome != "keep_running" and not (outcome == "inconclusive" and untrusted),
        holds_ramp=untrusted or _guardrails_hold(reading),
        calls_person=untrusted or not (reading.split.sound and reading.split.units_sound),
    )


def _estimate(reading: Reading, treatment: str) -> float:
    """How far a treatment is ahead, so that more is better; below all others where that is not known."""
    difference = reading.primary[reading.plan.treatments.index(treatment)].difference
    return float("-inf") if difference is None else reading.plan.primary.sign * difference


def _guardrails_hold(reading: Reading) -> bool:
    return any(
        guardrail.crossed or not guardrail.readable
        for guardrail in reading.guardrails
        if guardrail.treatment not in reading.withdrawn
    )


def _decide_treatment(reading: Reading, arm: int) -> TreatmentVerdict:
    """The verdict on the treatment that is arm number `arm` (the control is 0): the first that applies."""
    comparison = reading.primary[arm - 1]
    name = comparison.treatment
    guardrails = [each for each in reading.guardrails if each.treatment == name]
    if name in reading.withdrawn:
        return TreatmentVerdict(name, "roll_back", (reasons.withdrawn(name),))
    if harms := _harms(reading, comparison, guardrails):
        return TreatmentVerdict(name, "roll_back", harms)
    if doubts := _doubts(reading):
        return TreatmentVerdict(name, "inconclusive", doubts, untrusted=True)
    if ends := _ends(reading, comparison):
        return TreatmentVerdict(name, "inconclusive", ends)
    if waits := _waits(reading, arm, comparison, guardrails):
        return TreatmentVerdict(name, "keep_running", waits)
    return TreatmentVerdict(name, "ship", (reasons.ahead(reading.plan, comparison),))


def _harms(reading: Reading, comparison: Comparison, guardrails: list[GuardrailReading]) -> tuple[Reason, ...]:
    """A guardrail needs no sound split: an arm that crashes loses exposures too."""
    found = [
        reasons.guardrail_crossed(comparison.treatment, each.metric.name, each.margin)
        for each in guardrails
        if each.crossed
    ]
    believed = comparison.readable and not _doubts(reading) and not comparison.changed_over_time
    if believed and comparison.ahead.below_zero:
        found.append(reasons.worse(reading.plan, comparison))
    return tuple(found)


def _doubts(reading: Reading) -> tuple[Reason, ...]:
    """Why the data cannot be believed."""
    found = []
    if not reading.split.sound:
        found.append(reasons.split_unsound(reading.split))
    if not reading.split.units_sound:
        found.append(reasons.units_unsound(reading.split))
    return tuple(found)


def _ends(reading: Reading, comparison: Comparison) -> tuple[Reason, ...]:
    """Why a treatment cannot ship any more."""
    if comparison.readable and comparison.changed_over_time:
        return (reasons.changed_over_time(comparison.treatment),)
    if comparison.readable and comparison.enough.below_zero:
        return (reasons.too_small(reading.plan, comparison),)
    return (reasons.time_up(comparison.treatment),) if reading.time_up else ()


def _waits(
    reading: Reading, arm: int, comparison: Comparison, guardrails: list[GuardrailReading]
) -> tuple[Reason, ...]:
    """Why a treatment does not ship yet."""
    if not comparison.readable:
        return (reasons.too_early(reading.plan, comparison),)
    found = []
    if not comparison.ahead.above_zero:
        found.append(reasons.undecided(reading.plan, comparison))
    found += [
        reasons.guardrail_unread(comparison.treatment, each.metric.name) for each in guardrails if not each.readable
    ]
    late = max(reading.late_shares[0], reading.late_shares[arm])
    if late > MOST_LATE_ROWS:
        found.append(reasons.late_rows(comparison.treatment, late))
    return tuple(found)
