"""How executions add up by version and day. One after the other: whoever adds holds the project's days."""

from typing import Any
from uuid import UUID

from assay.core.execution import HALF_AT_MS, QUALITY

# What one row of executions adds, by the column of its day.
SUMS = {
    "executions": "count(*)",
    "errors": "count(error_type)",
    "timed": "count(response_time_ms)",
    "response_time_ms": "COALESCE(sum(response_time_ms), 0)",
    # As `assay.core.execution.response_score` has it.
    "response_score": f"COALESCE(sum({HALF_AT_MS} / ({HALF_AT_MS} + response_time_ms)), 0)",
    "input_tokens": "COALESCE(sum(input_tokens), 0)",
    "output_tokens": "COALESCE(sum(output_tokens), 0)",
    "cached_tokens": "COALESCE(sum(cached_tokens), 0)",
    "costed": "count(cost_usd)",
    "cost_usd": "COALESCE(sum(cost_usd), 0)",
    **{name: f"COALESCE(sum({name}), 0)" for name in QUALITY},
    **{f"{name}_rated": f"count({name})" for name in QUALITY},
    "engagements": "0",
    "impressions": "0",
}
# Adds the rows of `taken`, executions that are new, to their days.
COUNTED = f"""
    INSERT INTO experiments_executionday AS known (project_id, prompt_id, version_id, day, {", ".join(SUMS)})
    SELECT project_id, prompt_id, version_id, (at AT TIME ZONE 'UTC')::date, {", ".join(SUMS.values())}
    FROM taken GROUP BY 1, 2, 3, 4
    ON CONFLICT (version_id, day) DO UPDATE SET
    {", ".join(f"{name} = known.{name} + EXCLUDED.{name}" for name in SUMS)}
"""  # noqa: S608 - names of our own columns


def hold_days(cursor: Any, project_id: UUID) -> None:
    """Until the end of the transaction nobody else adds to the project's days, in whatever order we do."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"experiments.executions:{project_id}"])
