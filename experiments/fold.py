"""This file lets you bring the units' totals up to date with everything that was recorded of them."""

from uuid import UUID

from django.db import connection, transaction

# The totals of a unit are worked out again from its rows, so that folding twice changes nothing. Word of a unit is in
# the transaction of what there is to know of it: whoever sees the one sees the other.
FOLD = """
    WITH claimed AS (
        DELETE FROM experiments_pending WHERE id IN (
            SELECT id FROM experiments_pending WHERE project_id = %(project)s ORDER BY id LIMIT %(most)s)
        RETURNING unit
    ), units AS (
        SELECT DISTINCT unit FROM claimed
    ), folded AS (
    INSERT INTO experiments_unittotal (experiment_id, metric_id, unit, arm, exposed_at,
        value, weight, rows, late_rows, value_before, weight_before, rows_before)
    SELECT exposure.experiment_id, metric.metric_id, exposure.unit, exposure.arm, exposure.exposed_at,
        COALESCE(since.value, 0), COALESCE(since.weight, 0), COALESCE(since.rows, 0), COALESCE(since.late, 0),
        COALESCE(before.value, 0), COALESCE(before.weight, 0), COALESCE(before.rows, 0)
    FROM units
    JOIN experiments_exposure exposure ON exposure.project_id = %(project)s AND exposure.unit = units.unit
    JOIN experiments_experiment experiment ON experiment.id = exposure.experiment_id
         AND experiment.status IN ('running', 'paused')
    JOIN experiments_measured metric ON metric.experiment_id = experiment.id
    LEFT JOIN LATERAL (
        SELECT CASE metric.kind WHEN 'mean' THEN avg(value) ELSE sum(value) END AS value, sum(weight) AS weight,
               count(*) AS rows,
               -- It corrected a unit that had been read without it.
               count(*) FILTER (WHERE received_at > interval '1 minute'
                                + GREATEST(exposure.exposed_at + metric.waits, exposure.received_at)) AS late
        FROM experiments_outcome outcome
        WHERE outcome.project_id = %(project)s AND outcome.unit = units.unit AND outcome.metric_id = metric.metric_id
          AND at >= exposure.exposed_at AND at <= exposure.exposed_at + metric.waits
    ) since ON true
    LEFT JOIN LATERAL (
        SELECT CASE metric.kind WHEN 'mean' THEN avg(value) ELSE sum(value) END AS value, sum(weight) AS weight,
               count(*) AS rows
        FROM experiments_outcome outcome
        WHERE outcome.project_id = %(project)s AND outcome.unit = units.unit AND outcome.metric_id = metric.metric_id
          AND at < exposure.exposed_at AND at >= exposure.exposed_at - GREATEST(metric.waits, interval '7 days')
    ) before ON true
    ON CONFLICT (experiment_id, metric_id, unit) DO UPDATE SET
        arm = EXCLUDED.arm, exposed_at = EXCLUDED.exposed_at, value = EXCLUDED.value, weight = EXCLUDED.weight,
        rows = EXCLUDED.rows, late_rows = EXCLUDED.late_rows, value_before = EXCLUDED.value_before,
        weight_before = EXCLUDED.weight_before, rows_before = EXCLUDED.rows_before
    )
    SELECT count(*) FROM claimed
"""
# So that no transaction grows without end, and who waits for it waits for seconds.
MOST_AT_ONCE = 20_000


def fold(*, project_id: UUID, wait: bool = True) -> None:
    """Work out the totals of every unit of which there is word. Three queries for 20,000 of them; safe to run twice and
    at once. Without `wait` it leaves the work to whoever is at it."""
    while _fold_some(project_id, wait) == MOST_AT_ONCE:
        pass


@transaction.atomic
def _fold_some(project_id: UUID, wait: bool) -> int:
    """How many words were heard."""
    with connection.cursor() as cursor:
        # One after the other: of two that hold the same unit the later one must also write last.
        lock = [f"experiments.fold:{project_id}"]
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", lock)
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", lock)
            row = cursor.fetchone()
            if row is None or not row[0]:
                return 0
        cursor.execute(FOLD, {"project": project_id, "most": MOST_AT_ONCE})
        row = cursor.fetchone()
    return row[0] if row else 0
