"""This file lets you turn an analysis into plain JSON: what the API answers, the admin draws, the evidence keeps."""

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from experiments.analyse import GRACE, Analysis
from experiments.models import Metric
from experiments.models.metrics import Direction
from experiments.project_course import project_course
from experiments.stats.compare import Comparison, Side
from experiments.stats.read import glance
from experiments.stats.reasons import Reason


def describe_analysis(analysis: Analysis) -> dict[str, Any]:
    """Every part of it is described in docs/experiments.md. Two queries."""
    experiment, exposed = analysis.experiment, analysis.exposed
    primary = analysis.totals[experiment.primary_metric.slug]
    counted = [int(each.units) for each in primary.closed]
    return {
        "at": analysis.at.isoformat(),
        "experiment": {
            "id": str(experiment.pk),
            "name": experiment.name,
            "purpose": experiment.purpose,
            "mode": experiment.mode,
            "status": experiment.status,
            "significance": experiment.significance,
            "smallest_effect": experiment.smallest_effect,
        },
        "units": {
            "exposed": exposed.units,
            "counted": sum(counted),
            "open": sum(int(each.units) for each in primary.open),
            "planned": experiment.planned_units,
            "in_two_arms": exposed.in_two_arms,
        },
        "arms": _arms(analysis),
        "primary": {
            "metric": _metric(experiment.primary_metric),
            "comparisons": [_comparison(analysis, each) for each in analysis.reading.primary],
        },
        "guardrails": _guardrails(analysis),
        "secondaries": [
            {"metric": _metric(analysis.metrics[each.comparison.metric]), "q": _known(each.q)}
            | _comparison(analysis, each.comparison)
            for each in analysis.reading.secondaries
        ],
        "split": _split(analysis),
        "caps": {
            slug: {"at": cap, "frozen": slug in analysis.frozen or analysis.metrics[slug].cap_at is not None}
            for slug, cap in analysis.caps.items()
            if math.isfinite(cap)
        },
        "verdict": _verdict(analysis),
    } | project_course(analysis)


def _arms(analysis: Analysis) -> list[dict[str, Any]]:
    slug = analysis.experiment.primary_metric.slug
    kind, totals, beliefs = analysis.reading.plan.primary.kind, analysis.totals[slug], analysis.reading.beliefs
    closed, open_ = glance(totals.closed, kind), glance(totals.open, kind)
    return [
        {
            "number": arm.number,
            "name": "control" if arm.number == 0 else str(arm.version.number),
            "version": {"id": str(arm.version_id), "number": arm.version.number},
            "share": arm.share,
            "withdrawn_at": arm.withdrawn_at.isoformat() if arm.withdrawn_at else None,
            "exposed": analysis.exposed.by_arm[place],
            "counted": _side(closed[place]),
            # Units whose window is open still: what they brought so far decides nothing.
            "provisional": _side(open_[place]),
            "late_share": analysis.reading.late_shares[place],
            "chance_best": beliefs[place].chance_best if beliefs else None,
            "expected_loss": beliefs[place].expected_loss if beliefs else None,
        }
        for place, arm in enumerate(analysis.arms)
    ]


def _comparison(analysis: Analysis, comparison: Comparison) -> dict[str, Any]:
    return {
        "arm": analysis.arm_of(comparison.treatment),
        "treatment": comparison.treatment,
        "too_early": not comparison.readable,
        "needed": comparison.needed,
        "control": _side(comparison.control_side),
        "treated": _side(comparison.treatment_side),
        "difference": comparison.difference,
        "interval": comparison.interval,
        "lift": comparison.lift,
        "lift_interval": comparison.lift_interval,
        "p": _known(comparison.p),
        "changed_over_time": comparison.changed_over_time,
    }


def _guardrails(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "metric": _metric(analysis.metrics[each.metric.slug]),
            "margin": each.margin,
            "arm": analysis.arm_of(each.treatment),
            "treatment": each.treatment,
            "state": "crossed" if each.crossed else "sound" if each.readable else "too_early",
            "needed": each.needed,
            "control": _side(each.control_side),
            "treated": _side(each.treatment_side),
            "lift": each.lift,
        }
        for each in analysis.reading.guardrails
    ]


def _split(analysis: Analysis) -> dict[str, Any]:
    split = analysis.reading.split
    return {
        "sound": split.sound,
        "units_sound": split.units_sound,
        "p": split.p,
        "chi_square_p": _known(split.chi_square_p),
        "in_two_arms": split.in_two_arms,
        "phases": [asdict(phase) for phase in analysis.exposed.phases],
    }


def _verdict(analysis: Analysis) -> dict[str, Any]:
    verdict = analysis.verdict
    return {
        "outcome": verdict.outcome,
        "arm": analysis.arm_of(verdict.treatment) if verdict.treatment is not None else None,
        "reasons": _reasons(verdict.reasons),
        "treatments": [
            {
                "arm": analysis.arm_of(each.treatment),
                "treatment": each.treatment,
                "outcome": each.outcome,
                "untrusted": each.untrusted,
                "reasons": _reasons(each.reasons),
            }
            for each in verdict.treatments
        ],
        "withdraw": [analysis.arm_of(treatment) for treatment in verdict.withdraw],
        "concludes": verdict.concludes,
        "holds_ramp": verdict.holds_ramp,
        "calls_person": verdict.calls_person,
    }


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]


def _metric(metric: Metric) -> dict[str, Any]:
    closes = (metric.waits + GRACE).total_seconds()
    return metric.describe() | {"more_is_better": metric.direction == Direction.UP, "closes_after_seconds": closes}


def _side(side: Side) -> dict[str, Any]:
    return {"units": int(side.units), "mean": side.mean, "error": side.error}


def _known(value: float) -> float | None:
    """JSON has no word for nan and infinity."""
    return value if math.isfinite(value) else None
