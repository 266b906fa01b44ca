"""This file lets you plan: the units that an effect needs, or the effect that so many units find, and the days."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from assay.core.errors import single

from experiments.estimate_traffic import estimate_traffic
from experiments.models import Metric
from experiments.models.metrics import Direction
from experiments.plan_experiment import Known, as_told, find_baseline, plan_for
from experiments.stats.power import Baseline, detectable_lift


@dataclass(frozen=True, slots=True)
class Power:
    """Always the sequential numbers: of a test that may be looked at whenever one likes.

    `smallest_effect`: relative, in the direction of better; None where so many units find none. `units`: in all, and
    `by_arm`, the control first. `single_look_units`: what a test that is looked at once would need. `units_per_day`: of
    all arms together; `days` until the last of them is counted. `known_from`: where the baseline comes from."""

    metric: str
    baseline: Known
    known_from: Literal["caller", "project"]
    smallest_effect: float | None
    units: int
    by_arm: tuple[int, ...]
    single_look_units: int | None
    units_per_day: float | None
    days: float | None


def work_out_power(
    *,
    metric: Metric,
    shares: Sequence[int],
    smallest_effect: float | None = None,
    units: int | None = None,
    baseline: Known | None = None,
    prompt_id: UUID | None = None,
    significance: float = 0.05,
    power: float = 0.8,
    units_per_day: float | None = None,
) -> Power:
    """From a `smallest_effect` the units, or from `units` the effect. Four queries at most.

    `baseline` and `units_per_day`, where not given, are what the project knows, of the prompt if one is named. Raises
    AssayError 422 `required`, `baseline_unknown`, `invalid_baseline`, `effect_impossible`."""
    if (smallest_effect is None) == (units is None):
        raise single("required", "/smallest_effect", "Say the smallest effect or the units, one of the two.")
    found = as_told(metric, baseline) if baseline else find_baseline(metric=metric, prompt_id=prompt_id)
    if found is None:
        needed = f"Nothing is known of {metric.name} in this project yet: say its baseline."
        raise single("baseline_unknown", "/baseline", needed)
    if units_per_day is None and prompt_id is not None:
        units_per_day = estimate_traffic(project_id=metric.project_id, prompt_id=prompt_id)
    by_arm: tuple[int, ...]
    single_look: int | None = None
    if units is not None:
        smallest_effect = _detectable(metric, found, units, shares, significance=significance, power=power)
        by_arm = tuple(math.ceil(units * share / sum(shares)) for share in shares)
    elif smallest_effect is not None:
        plan = plan_for(
            metric=metric,
            baseline=found,
            shares=shares,
            significance=significance,
            effect=smallest_effect,
            power=power,
        )
        units, by_arm, single_look = plan.units, plan.by_arm, plan.single_look_units
    days = (units or 0) / units_per_day + metric.waits.total_seconds() / 86_400 if units_per_day else None
    return Power(
        metric=metric.slug,
        baseline=Known(found.mean, found.deviation),
        known_from="caller" if baseline else "project",
        smallest_effect=smallest_effect,
        units=units or 0,
        by_arm=by_arm,
        single_look_units=single_look,
        units_per_day=units_per_day,
        days=days,
    )


def _detectable(
    metric: Metric, baseline: Baseline, units: int, shares: Sequence[int], *, significance: float, power: float
) -> float | None:
    """The smallest relative effect, in the direction of better, that so many units find."""
    better = 1 if metric.direction == Direction.UP else -1
    sign = better if baseline.mean > 0 else -better
    try:
        lift = detectable_lift(baseline, units=units, shares=shares, significance=significance, power=power, sign=sign)
    except (ValueError, ArithmeticError):
        raise single("invalid_baseline", "/baseline", "Nothing can be planned with this baseline.") from None
    return None if lift is None else abs(lift)
