"""This file lets you say where an experiment is heading: its next ramp step, its end, the days and power left."""

import math
from datetime import datetime, timedelta
from typing import Any

from experiments.analyse import GRACE, Analysis
from experiments.models import Experiment
from experiments.models.experiments import Status
from experiments.stats.power import Baseline, detectable_lift
from vault.models import EngagementReport

DAY = timedelta(days=1)


def project_course(analysis: Analysis) -> dict[str, Any]:
    """The parts `ramp`, `course` and `reports_without_unit` of the results. One query."""
    return {
        "ramp": ramp_of(analysis),
        "course": _course(analysis),
        "reports_without_unit": _nameless(analysis.experiment),
    }


def ramp_of(analysis: Analysis) -> dict[str, Any]:
    """Where the ramp stands, and of its next step what it still waits for: codes, none where it may be taken."""
    experiment = analysis.experiment
    at_end = experiment.ramp_step + 1 >= len(experiment.ramp)
    if at_end or experiment.status == Status.CONCLUDED or experiment.exposure_ended_at is not None:
        return {"step": experiment.ramp_step, "coverage": experiment.coverage, "next": None}
    # A step's own time and units are what it takes to leave it.
    step, following = experiment.ramp[experiment.ramp_step], experiment.ramp[experiment.ramp_step + 1]
    due = (experiment.ramp_step_at or analysis.at) + timedelta(minutes=step["minutes"])
    waits = []
    if experiment.status != Status.RUNNING:
        waits.append("paused")
    if analysis.at < due:
        waits.append("time")
    if analysis.exposed.units < step["units"]:
        waits.append("units")
    if analysis.verdict.holds_ramp:
        waits.append("guardrails_or_split")
    if analysis.verdict.outcome != "keep_running":
        waits.append("verdict")
    return {
        "step": experiment.ramp_step,
        "coverage": experiment.coverage,
        "next": {
            "coverage": following["coverage"],
            "not_before": due.isoformat(),
            "units": step["units"],
            "waits_for": waits,
        },
    }


def ends_at(experiment: Experiment, now: datetime) -> datetime:
    """When its exposure ends, or ended."""
    if experiment.exposure_ended_at is not None:
        return experiment.exposure_ended_at
    return (experiment.started_at or now) + timedelta(days=experiment.max_duration_days)


def _course(analysis: Analysis) -> dict[str, Any]:
    experiment, per_day = analysis.experiment, analysis.exposed.per_day
    waits = max(metric.waits for metric in analysis.metrics.values()) + GRACE
    end = ends_at(experiment, analysis.at)
    missing = max((experiment.planned_units or 0) - analysis.exposed.units, 0)
    days = missing / per_day + experiment.primary_metric.waits / DAY if per_day else None
    until_end = max((end - analysis.at) / DAY, 0.0)
    reached = analysis.exposed.units + (per_day or 0.0) * until_end
    return {
        "units_per_day": per_day,
        # Until as many units are counted as were planned, at today's traffic and coverage.
        "days_left": days,
        "exposure_ends_at": end.isoformat(),
        "read_in_full_at": (end + waits).isoformat(),
        "time_up": analysis.reading.time_up,
        # Relative, with 80 % power: what so many units find that may be looked at whenever one likes.
        "detectable_now": _detectable(analysis, sum(float(each.units) for each in _closed(analysis))),
        "detectable_at_end": _detectable(analysis, reached),
    }


def _closed(analysis: Analysis) -> Any:
    return analysis.totals[analysis.experiment.primary_metric.slug].closed


def _detectable(analysis: Analysis, units: float) -> float | None:
    """Planned with the control as it is known by now; None where too little is."""
    plan, side = analysis.reading.plan, analysis.reading.primary[0].control_side
    if not side.mean or not side.error or units < 1:
        return None
    baseline = Baseline(kind=plan.primary.kind, mean=side.mean, deviation=side.error * math.sqrt(side.units))
    if plan.primary.kind == "conversion" and not 0 < side.mean < 1:
        return None
    sign = plan.primary.sign if side.mean > 0 else -plan.primary.sign
    lift = detectable_lift(baseline, units=units, shares=plan.shares, significance=plan.significance, sign=sign)
    return abs(lift) if lift is not None else None


def _nameless(experiment: Experiment) -> int:
    """Engagement reports that named neither resolution nor unit: they taught the score and entered no experiment."""
    reports = EngagementReport.objects.filter(
        prompt_id=experiment.prompt_id, unit_hash=None, created_at__gte=experiment.started_at
    )
    if experiment.concluded_at is not None:
        reports = reports.filter(created_at__lte=experiment.concluded_at)
    return reports.count()
