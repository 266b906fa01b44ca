"""The page of an experiment that was started: its verdict, the evidence, and what can be done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.db.models.functions import Extract, Floor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from experiments.admin import chart, shown
from experiments.admin.offers import offers
from experiments.admin.words import HEADLINES, OUTCOMES, ended_as, told
from experiments.models import Arm, Experiment, Snapshot
from experiments.models.experiments import WHOLE, Mode, Purpose, Status
from experiments.results import results
from experiments.stats.reasons import percent
from sentinel.admin_base import ProjectAdmin
from vault.models import Label
from vault.models.labels import PRODUCTION

MOST_POINTS = 90
EVENTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Course:
    """What the charts are drawn from: the looks, their span, and when the verdict that stands was first given."""

    looks: list[Snapshot]
    since: datetime
    until: datetime
    moment: datetime | None


def show(page: ProjectAdmin, request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """About a dozen queries, however much was seen."""
    access = page.access(request)
    light = Arm.objects.select_related("version").defer("version__content", "version__variables")
    prefetch_related_objects([experiment], Prefetch("arms", light))
    arms = list(experiment.arms.all())
    found = results(experiment)
    snapshots = _snapshots(experiment)
    verdict = found["verdict"]
    served = Label.objects.filter(prompt_id=experiment.prompt_id, name=PRODUCTION).values_list("version_id", flat=True)
    names = {arm.number: "the control" if arm.number == 0 else str(arm.version.number) for arm in arms}
    course = _course(experiment, snapshots, verdict["outcome"])
    return page.page(
        request,
        "experiments/experiment.html",
        title=experiment.name,
        experiment=experiment,
        results=found,
        headline=_headline(experiment, verdict, names),
        tone=_tone(experiment, verdict["outcome"]),
        treatments=_with_charts(experiment, found, course),
        growth=_growth(found, course),
        arms=shown.arms(found),
        split_p=shown.p_value(found["split"]["p"]),
        chi_square_p=shown.p_value(found["split"]["chi_square_p"]),
        guardrails=shown.guardrails(found),
        secondaries=shown.secondaries(found),
        progress=_progress(found),
        waits=shown.waits(found),
        steps=_steps(experiment),
        mode=Mode(experiment.mode).label,
        withdrawn={arm.number for arm in arms if arm.withdrawn_at is not None},
        holdback_interval=_holdback(found),
        offers=offers(experiment, access, served=served.first()),
        events=[told(event, names) for event in _events(experiment)],
        is_holdback=experiment.purpose == Purpose.HOLDBACK,
        is_over=experiment.status == Status.CONCLUDED,
    )


def _events(experiment: Experiment) -> Any:
    return experiment.events.select_related("actor", "key").order_by("-id")[:EVENTS_SHOWN]


def _snapshots(experiment: Experiment) -> list[Snapshot]:
    """So many looks, spread evenly over its time, the last of each stretch. One query."""
    started = experiment.started_at or experiment.created_at
    end = experiment.concluded_at or timezone.now()
    stretch = max((end - started).total_seconds() / MOST_POINTS, 1.0)
    place = Floor((Extract("at", "epoch") - started.timestamp()) / stretch)
    looks = experiment.snapshots.annotate(place=place).order_by("place", "-at").distinct("place")
    return sorted(looks[: MOST_POINTS + 2], key=lambda look: look.at)


def _course(experiment: Experiment, looks: list[Snapshot], outcome: str) -> Course:
    """One query at most."""
    since = experiment.started_at or experiment.created_at
    until = max(looks[-1].at if looks else since, since + timedelta(minutes=1))
    if outcome == "keep_running":
        return Course(looks, since, until, None)
    first = experiment.snapshots.filter(verdict=outcome).order_by("at").values_list("at", flat=True).first()
    return Course(looks, since, until, first)


def _with_charts(experiment: Experiment, found: dict[str, Any], course: Course) -> list[dict[str, Any]]:
    rows = shown.treatments(found)
    better = 1 if found["primary"]["metric"]["more_is_better"] else -1
    for row in rows:
        relative = row["interval"] is not None and row["interval"].is_relative
        levels = [(0.0, "zero", "no difference")]
        if relative and experiment.purpose == Purpose.TEST:
            smallest = better * experiment.smallest_effect
            levels.append((smallest, "goal", f"worth having: {percent(smallest, signed=True)}"))
        points = [_point(look, row["arm"], relative=relative) for look in course.looks]
        row["chart"] = chart.draw_interval(
            points,
            since=course.since,
            until=course.until,
            levels=levels,
            say=shown.scale(found["primary"]["metric"], relative=relative),
            moment=course.moment,
        )
    return rows


def _point(look: Snapshot, arm: int, *, relative: bool) -> chart.Point:
    comparisons = look.results["primary"]["comparisons"]
    comparison = next((each for each in comparisons if each["arm"] == arm), None)
    interval = comparison["lift_interval" if relative else "interval"] if comparison else None
    if comparison is None or interval is None:
        return chart.Point(look.at, None, None)
    return chart.Point(look.at, interval[0], interval[1], comparison["lift" if relative else "difference"])


def _growth(found: dict[str, Any], course: Course) -> chart.Chart | None:
    points = [chart.Point(look.at, None, None, look.results["units"]["counted"]) for look in course.looks]
    needed = found["units"]["planned"]
    return chart.draw_growth(points, since=course.since, until=course.until, needed=needed, name="planned")


def _headline(experiment: Experiment, verdict: dict[str, Any], names: dict[int, str]) -> str:
    if experiment.status == Status.CONCLUDED:
        return ended_as(experiment)[0]
    codes = {reason["code"] for reason in verdict["reasons"]}
    if verdict["outcome"] == "keep_running" and codes == {"too_early"}:
        return "Too early to say"
    return HEADLINES[verdict["outcome"]].format(treatment=names.get(verdict["arm"], ""))


def _tone(experiment: Experiment, outcome: str) -> str:
    return ended_as(experiment)[1] if experiment.status == Status.CONCLUDED else OUTCOMES[outcome][1]


def _progress(found: dict[str, Any]) -> dict[str, Any]:
    units = found["units"]
    planned = units["planned"] or 0
    days = found["course"]["days_left"]
    return {
        **units,
        "share": min(100, round(100 * units["counted"] / planned)) if planned else 0,
        "ahead": min(100, round(100 * (units["counted"] + units["open"]) / planned)) if planned else 0,
        "days_left": days,
        "ends_at": datetime.fromisoformat(found["course"]["exposure_ends_at"]),
        "read_in_full_at": datetime.fromisoformat(found["course"]["read_in_full_at"]),
        "detectable_now": found["course"]["detectable_now"],
        "detectable_at_end": found["course"]["detectable_at_end"],
        "per_day": found["course"]["units_per_day"],
        "at": datetime.fromisoformat(found["at"]),
    }


def _steps(experiment: Experiment) -> list[dict[str, Any]]:
    ramp = experiment.ramp or [{"coverage": WHOLE, "minutes": 0, "units": 0}]
    return [
        {
            "coverage": f"{step['coverage'] / 100:g} %",
            "state": "done" if place < experiment.ramp_step else "now" if place == experiment.ramp_step else "to come",
            "minutes": step["minutes"],
            "units": step["units"],
            "is_last": place + 1 == len(ramp),
        }
        for place, step in enumerate(ramp)
    ]


def _holdback(found: dict[str, Any]) -> shown.Interval | None:
    """What the units say that were held back after the shipping."""
    holdback = found.get("holdback")
    return shown.interval_of(holdback, found["primary"]["metric"]) if holdback else None
