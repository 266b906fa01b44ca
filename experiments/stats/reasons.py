"""This file lets you say why, in words that a person understands: the reasons of a verdict."""

from dataclasses import dataclass

from experiments.stats.compare import Comparison, Interval
from experiments.stats.plan import Plan
from experiments.stats.split import MOST_IN_TWO_ARMS, Split


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is stable and for programs, `text` is for people and may change."""

    code: str
    text: str


def withdrawn(treatment: str) -> Reason:
    return Reason("withdrawn", f"{treatment} was taken out.")


def guardrail_crossed(treatment: str, metric: str, margin: float) -> Reason:
    allowed = f" by more than the {percent(margin)} that was allowed" if margin else ""
    return Reason("guardrail_crossed", f"{treatment} harms {metric}: it is worse than with the control{allowed}.")


def worse(plan: Plan, comparison: Comparison) -> Reason:
    return Reason("worse", f"{comparison.treatment} is worse than the control: {_change(plan, comparison)}.")


def split_unsound(split: Split) -> Reason:
    return Reason(
        "split_unsound",
        f"Exposures did not fall on the arms as planned (p = {split.p:.2g}). Units were lost or counted twice on the "
        "way, so the arms cannot be compared. Somebody should find out where.",
    )


def units_unsound(split: Split) -> Reason:
    return Reason(
        "units_unsound",
        f"{percent(split.in_two_arms)} of the units were seen in more than one arm; above "
        f"{percent(MOST_IN_TWO_ARMS)} the arms cannot be compared. Somebody should find out why.",
    )


def changed_over_time(treatment: str) -> Reason:
    return Reason("changed_over_time", f"No one effect of {treatment} fits all that was seen: it changed over time.")


def too_small(plan: Plan, comparison: Comparison) -> Reason:
    smallest = percent(plan.smallest_effect)
    if comparison.ahead.above_zero:
        text = f"{comparison.treatment} is better, but by less than the {smallest} worth having: real but too small"
    else:
        text = f"{comparison.treatment} is not better by the {smallest} worth having"
    return Reason("too_small", f"{text} ({_change(plan, comparison)}).")


def time_up(treatment: str) -> Reason:
    return Reason("time_up", f"The time is up, and what was seen does not decide about {treatment}.")


def ahead(plan: Plan, comparison: Comparison) -> Reason:
    return Reason("ahead", f"{comparison.treatment} is better than the control: {_change(plan, comparison)}.")


def too_early(plan: Plan, comparison: Comparison) -> Reason:
    have = min(comparison.control_side.units, comparison.treatment_side.units)
    if have == 0:
        return Reason(
            "too_early", "Too early: no unit is counted yet in both arms; a unit counts once its window has closed."
        )
    if comparison.needed is None:
        return Reason("too_early", f"Too early: {plan.primary.name} has been the same for every unit so far.")
    return Reason(
        "too_early",
        f"Too early: the smaller of {comparison.treatment} and the control has {have:,.0f} of the "
        f"{comparison.needed:,.0f} units from which on it is read.",
    )


def undecided(plan: Plan, comparison: Comparison) -> Reason:
    name = comparison.treatment
    return Reason("undecided", f"{name} may be better or worse than the control: {_change(plan, comparison)}.")


def guardrail_unread(treatment: str, metric: str) -> Reason:
    return Reason("guardrail_unread", f"Too early to say whether {treatment} harms {metric}.")


def late_rows(treatment: str, share: float) -> Reason:
    return Reason(
        "late_rows",
        f"{percent(share)} of the outcomes of {treatment} or the control came after their window had closed: until "
        "fewer do, nothing is shipped on them.",
    )


def percent(share: float, *, signed: bool = False) -> str:
    """A share as a person reads it: 0.0312 is 3.1 %."""
    digits = 1 if abs(share) >= 0.01 else 2
    text = f"{abs(share) * 100:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{abs(share) * 100:.0f}"
    sign = ("−" if share < 0 else "+" if signed else "") if float(text) else ""
    return f"{sign}{text} %"


def _change(plan: Plan, comparison: Comparison) -> str:
    """What the intervals say of the primary metric, relative where that is known."""
    name = plan.primary.name
    if comparison.lift_interval:
        return f"{name} changes by {_range(comparison.lift_interval)}"
    if comparison.interval:
        lower, upper = comparison.interval
        return f"{name} changes by {lower:+.3g} to {upper:+.3g}"
    return f"the change of {name} is open"


def _range(interval: Interval) -> str:
    return f"{percent(interval[0], signed=True)} to {percent(interval[1], signed=True)}"
