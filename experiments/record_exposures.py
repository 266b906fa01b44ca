"""This file lets you record which units met which arms: each once, at its own time, however late it is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from assay.core import assign, token
from assay.core.errors import AssayError, single
from django.db import connection, transaction
from django.utils import timezone

from config.items import convert_item, time_of
from experiments.models import Arm, Experiment, Exposure
from experiments.models.experiments import Status
from experiments.observed import Answer, Taken, milliseconds, number_of

# The earliest time wins; a unit that meets a second arm keeps its first and is marked.
RECORD = """
    INSERT INTO experiments_exposure AS known (project_id, experiment_id, unit, arm, exposed_at, in_other_arm)
    SELECT %(project)s, experiment_id, unit, (array_agg(arm ORDER BY exposed_at, arm))[1], min(exposed_at),
           count(DISTINCT arm) > 1
    FROM unnest(%(experiments)s::uuid[], %(units)s::bigint[], %(arms)s::smallint[], %(times)s::timestamptz[])
         AS sent (experiment_id, unit, arm, exposed_at)
    GROUP BY experiment_id, unit ORDER BY experiment_id, unit
    ON CONFLICT (experiment_id, unit) DO UPDATE SET
        arm = CASE WHEN EXCLUDED.exposed_at < known.exposed_at THEN EXCLUDED.arm ELSE known.arm END,
        exposed_at = LEAST(known.exposed_at, EXCLUDED.exposed_at),
        in_other_arm = known.in_other_arm OR EXCLUDED.in_other_arm OR known.arm <> EXCLUDED.arm
    WHERE EXCLUDED.exposed_at < known.exposed_at
       OR (NOT known.in_other_arm AND (known.arm <> EXCLUDED.arm OR EXCLUDED.in_other_arm))
"""


class SentExposure(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An exposure as it is sent: the resolution it came with, or all that the resolution says.

    It is known again by its experiment and unit; an `id` of the sender's own is for the answer alone.
    """

    id: UUID | None = None
    resolution_id: str | None = None
    experiment_id: UUID | None = None
    arm: int | None = None
    unit: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """A unit met an arm."""

    experiment_id: UUID
    arm: int
    unit: int
    at: datetime


def record_exposures(*, project_id: UUID, items: Sequence[Any]) -> list[Answer]:
    """For each item whether it is taken, and whether it counts. Four queries."""
    now = timezone.now()
    answers: dict[int, Answer] = {}
    read: dict[int, Met] = {}
    for place, item in enumerate(items):
        try:
            read[place] = _met(convert_item(item, SentExposure), project_id, now)
        except AssayError as error:
            answers[place] = error
    experiments = _experiments(project_id, {met.experiment_id for met in read.values()})
    known = _known(project_id, read.values())
    seen = set(known)
    taken: list[Met] = []
    for place, met in read.items():
        try:
            counts = _counts(met, experiments)
        except AssayError as error:
            answers[place] = error
            continue
        arm = known.setdefault((met.experiment_id, met.unit), met.arm)
        seen_before = (met.experiment_id, met.unit) in seen
        seen.add((met.experiment_id, met.unit))
        # A unit counts in the arm that it met first; another one is written down as such, and counts for nothing.
        answers[place] = Taken(counted=counts and arm == met.arm, duplicate=seen_before and arm == met.arm)
        taken.append(met)
    if taken:
        expose(project_id=project_id, met=taken)
    return [answers[place] for place in range(len(items))]


@transaction.atomic
def expose(*, project_id: UUID, met: Sequence[Met]) -> None:
    """Write down what is known to be right, at least one: one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "project": project_id,
                "experiments": [each.experiment_id for each in met],
                "units": [each.unit for each in met],
                "arms": [each.arm for each in met],
                "times": [each.at for each in met],
            },
        )


def _met(item: SentExposure, project_id: UUID, now: datetime) -> Met:
    if item.resolution_id is not None:
        resolved = token.read(item.resolution_id)
        if resolved.experiment_id is None or resolved.arm is None or resolved.unit_hash is None:
            raise single("no_experiment", "/resolution_id", "This resolution took part in no experiment.")
        at = time_of(item.at or milliseconds(resolved.milliseconds), now=now)
        return Met(UUID(resolved.experiment_id), resolved.arm, number_of(resolved.unit_hash), at)
    if item.experiment_id is None or item.arm is None or item.unit is None:
        missing = next(name for name in ("experiment_id", "arm", "unit") if getattr(item, name) is None)
        raise single("required", f"/{missing}", "Send the resolution_id, or experiment_id, arm and unit.")
    unit = number_of(assign.unit_hash(str(project_id), assign.check_unit(item.unit)))
    return Met(item.experiment_id, item.arm, unit, time_of(item.at, now=now))


def _experiments(project_id: UUID, wanted: set[UUID]) -> dict[UUID, tuple[Experiment, set[int]]]:
    arms: dict[UUID, set[int]] = {}
    for experiment_id, number in Arm.objects.filter(project_id=project_id, experiment_id__in=wanted).values_list(
        "experiment_id", "number"
    ):
        arms.setdefault(experiment_id, set()).add(number)
    found = Experiment.objects.in_project(project_id).filter(pk__in=wanted)
    return {experiment.pk: (experiment, arms.get(experiment.pk, set())) for experiment in found}


def _known(project_id: UUID, met: Iterable[Met]) -> dict[tuple[UUID, int], int]:
    """The arms of those units that have met one already."""
    found = Exposure.objects.filter(project_id=project_id, unit__in={each.unit for each in met})
    return {(each, unit): arm for each, unit, arm in found.values_list("experiment_id", "unit", "arm")}


def _counts(met: Met, experiments: dict[UUID, tuple[Experiment, set[int]]]) -> bool:
    """Whether the exposure counts. What comes from after the end is kept, and does not."""
    experiment, arms = experiments.get(met.experiment_id, (None, set()))
    if experiment is None or experiment.status == Status.DRAFT or experiment.started_at is None:
        raise single("not_found", "/experiment_id", "There is no such experiment.", status=404)
    if met.arm not in arms:
        raise single("unknown_arm", "/arm", "The experiment has no such arm.")
    if met.at < experiment.started_at:
        raise single("before_start", "/at", "The experiment had not started then.")
    end = experiment.exposure_ended_at or experiment.concluded_at
    return end is None or met.at <= end
