"""This file lets you keep what an analysis saw: for the next look, and for the chart."""

from typing import Any

from django.db import connection, transaction

from experiments.analyse import Analysis
from experiments.models import Experiment, Snapshot

# Of the last two hours every look is kept, of what is older the last one of each hour.
THIN = """
    DELETE FROM experiments_snapshot old
    WHERE experiment_id = %(experiment)s AND at < %(now)s - interval '2 hours' AND EXISTS (
        SELECT FROM experiments_snapshot later
        WHERE later.experiment_id = old.experiment_id AND later.at > old.at
          AND date_trunc('hour', later.at) = date_trunc('hour', old.at))
"""


@transaction.atomic
def keep_snapshot(*, analysis: Analysis, results: dict[str, Any]) -> bool:
    """False, and nothing kept, where the experiment is not live any more, or a later look was kept meanwhile."""
    claimed = Experiment.objects.live().select_for_update(no_key=True).filter(pk=analysis.experiment.pk).first()
    if claimed is None or claimed.snapshots.filter(at__gte=analysis.at).exists():
        return False
    claimed.intersections = analysis.memory
    claimed.frozen_caps = dict(analysis.frozen)
    claimed.save(update_fields=["intersections", "frozen_caps"])
    Snapshot.objects.create(experiment=claimed, at=analysis.at, verdict=analysis.verdict.outcome, results=results)
    with connection.cursor() as cursor:
        cursor.execute(THIN, {"experiment": claimed.pk, "now": analysis.at})
    return True
