"""This file lets you read which steps runs went through again and again, wherever in a run they lie."""

from collections.abc import Sequence
from uuid import UUID

from agents.questions.cycle import Kind
from agents.questions.run_rows import RunTold, group_of, read_rows
from agents.telemetry.loops import RESPOND

# So many runs are looked through at a time, and no more once so many of their steps were.
RUNS_AT_ONCE = 20
MOST_STEPS = 300_000
# A step is alike where the one that comes `length` later is the same. The cycle is where so many alike ones in a row
# begin that it comes `repeats` times: as `start_of_cycle` finds it, without any step leaving the database before.
CYCLES = f"""
    SELECT asked.id AS run, found.steps, found.step_type, found.name
    FROM unnest(%(runs)s::uuid[], %(lengths)s::int[], %(repeats)s::int[]) AS asked (id, length, repeats)
    CROSS JOIN LATERAL (
        WITH step AS MATERIALIZED (
            SELECT step_type, name, row_number() OVER turn AS place, count(*) OVER () AS steps,
                   step_type <> '{RESPOND}' AND step_type = lead(step_type, asked.length) OVER turn
                   AND name IS NOT DISTINCT FROM lead(name, asked.length) OVER turn AS alike
            FROM agents_step
            WHERE project_id = %(project)s AND run = asked.id AND id {group_of("asked.id")}
            WINDOW turn AS (ORDER BY seq, step_id)
        ), after AS (
            SELECT place, alike, count(*) FILTER (WHERE alike IS NOT TRUE) OVER (ORDER BY place) AS different FROM step
        ), first AS (
            SELECT min(place) AS place FROM after WHERE alike
            GROUP BY different HAVING count(*) >= asked.length * (asked.repeats - 1) ORDER BY 1 LIMIT 1
        )
        SELECT step.* FROM step, first WHERE step.place >= first.place AND step.place < first.place + asked.length
    ) found ORDER BY asked.id, found.place
"""  # noqa: S608 - a code and columns of our own


def read_cycles(*, project_id: UUID, runs: Sequence[RunTold]) -> dict[UUID, list[Kind]]:
    """By the run's id, the steps of its cycle. One query for each twenty runs; those that come after 300,000 steps are
    left out."""
    cycles: dict[UUID, list[Kind]] = {}
    looked_at = 0
    for begin in range(0, len(runs), RUNS_AT_ONCE):
        if looked_at >= MOST_STEPS:
            break
        some = {run.id: run for run in runs[begin : begin + RUNS_AT_ONCE]}
        asked = {
            "project": project_id,
            "runs": list(some),
            "lengths": [run.loop_length for run in some.values()],
            "repeats": [run.loop_repeats for run in some.values()],
        }
        steps: dict[UUID, int] = {}
        for row in read_rows(CYCLES, asked):
            cycles.setdefault(row["run"], []).append((row["step_type"], row["name"]))
            steps[row["run"]] = row["steps"]
        looked_at += sum(steps.values())
    return cycles
