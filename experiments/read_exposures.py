"""This file lets you read how an experiment's exposures fell on its arms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from experiments.models import Arm, Experiment
from experiments.stats.split import Phase

# Taking an arm out begins another phase: what shares are open is another set from then on.
EXPOSED = """
    SELECT arm, width_bucket(exposed_at, %(turns)s::timestamptz[]) AS phase, count(*),
           count(*) FILTER (WHERE in_other_arm), count(*) FILTER (WHERE exposed_at > %(lately)s)
    FROM experiments_exposure
    WHERE experiment_id = %(experiment)s AND exposed_at <= %(end)s
    GROUP BY 1, 2
"""
LATELY = timedelta(days=1)
# In less, a burst would pass for a day.
LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Exposed:
    """Exposed units by arm, control first; those seen in more than one arm; the phases for the split; new units a day
    at today's traffic and coverage, None while that cannot be told."""

    by_arm: tuple[int, ...]
    in_two_arms: int
    phases: tuple[Phase, ...]
    per_day: float | None

    @property
    def units(self) -> int:
        return sum(self.by_arm)


def read_exposures(*, experiment: Experiment, arms: Sequence[Arm], now: datetime, end: datetime) -> Exposed:
    """As of now; exposures after `end` do not count. One query."""
    turns = sorted({arm.withdrawn_at for arm in arms if arm.withdrawn_at is not None})
    since = max(now - LATELY, experiment.started_at or now)
    with connection.cursor() as cursor:
        cursor.execute(EXPOSED, {"turns": turns, "lately": since, "experiment": experiment.pk, "end": end})
        rows = cursor.fetchall()
    counts = {(arm, phase): count for arm, phase, count, _, _ in rows}
    phases = []
    for phase, begun in enumerate([None, *turns]):
        open_ = [arm for arm in arms if arm.withdrawn_at is None or (begun is None or arm.withdrawn_at > begun)]
        phases.append(
            Phase(
                shares=tuple(float(arm.share) for arm in open_),
                exposed=tuple(counts.get((arm.number, phase), 0) for arm in open_),
            )
        )
    span = now - since
    lately = sum(row[4] for row in rows)
    return Exposed(
        by_arm=tuple(sum(row[2] for row in rows if row[0] == arm.number) for arm in arms),
        in_two_arms=sum(row[3] for row in rows),
        phases=tuple(phases),
        per_day=lately / (span / timedelta(days=1)) if span >= LEAST else None,
    )
