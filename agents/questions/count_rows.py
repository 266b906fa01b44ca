"""This file lets you count rows the way rollups do, for the part of a window that no rollup has: SQL, no more.

The sums are those of `agents.telemetry.count`, which counts each run on its way in: a test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.codes import FAILURE_TYPES

from agents.questions.scope import within
from agents.questions.window import Span

PLACE = ("agent_id", "agent_version", "environment")
FAILED = tuple(f"failed_{kind}" for kind in FAILURE_TYPES)
FINISHED = ("success", "failure", "partial")
FINISHED_FAILED = {name: f"count(*) FILTER (WHERE finished AND {name})" for name in FAILED}


@dataclass(frozen=True, slots=True)
class Kind:
    """A rollup: its table, what it is counted by beside the place, and how each sum comes from rows.

    `told` has, for each run (`run`), what there is to add up; `every`: whether a run counts that has none of it.
    """

    table: str
    keys: tuple[str, ...]
    sums: dict[str, str]
    told: str
    every: bool = False


RUNS = Kind(
    "agents_runcount",
    (),
    {
        "running": "count(*) FILTER (WHERE NOT finished)",
        "success": "count(*) FILTER (WHERE status = 'success')",
        "failure": "count(*) FILTER (WHERE status = 'failure')",
        "partial": "count(*) FILTER (WHERE status = 'partial')",
        "with_failures": "count(*) FILTER (WHERE finished AND with_failures)",
        "looping": "count(*) FILTER (WHERE loops)",
        "steps": "COALESCE(sum(told.n) FILTER (WHERE finished), 0)",
        "steps_sq": "COALESCE(sum(told.n::float8 * told.n) FILTER (WHERE finished), 0)",
        "timed": "count(latency_ms)",
        "latency_ms": "COALESCE(sum(latency_ms), 0)",
        "latency_sq": "COALESCE(sum(latency_ms * latency_ms), 0)",
        "metered": "count(tokens)",
        "tokens": "COALESCE(sum(tokens), 0)",
        "tokens_sq": "COALESCE(sum(tokens::float8 * tokens), 0)",
        "costed": "count(cost_usd)",
        "cost_usd": "COALESCE(sum(cost_usd), 0)",
        "cost_sq": "COALESCE(sum(cost_usd::float8 * cost_usd::float8), 0)",
        **FINISHED_FAILED,
    },
    "SELECT run, count(*) AS n FROM agents_step WHERE project_id = %(project)s AND {within} GROUP BY run",
    every=True,
)
DECISIONS = Kind(
    "agents_decisioncount",
    ("decision_type", "reason_code"),
    {
        "decisions": "sum(told.n)",
        "rated": "sum(told.rated)",
        "confidence": "sum(told.confidence)",
        "runs": "count(*) FILTER (WHERE finished)",
        "runs_with_failures": "count(*) FILTER (WHERE finished AND with_failures)",
        **FINISHED_FAILED,
    },
    """
    SELECT run, decision_type, reason_code, count(*) AS n, count(confidence) AS rated,
           COALESCE(sum(confidence), 0) AS confidence
    FROM agents_decision WHERE project_id = %(project)s AND {within} GROUP BY 1, 2, 3
    """,
)
SIGNALS = Kind(
    "agents_signalcount",
    ("signal_type", "signal_code"),
    {
        "true_count": "sum(told.true_count)",
        "false_count": "sum(told.n - told.true_count)",
        "runs_told": "count(*) FILTER (WHERE finished)",
        "runs": "count(*) FILTER (WHERE finished AND told.true_count > 0)",
        "runs_success": "count(*) FILTER (WHERE status = 'success' AND told.true_count > 0)",
    },
    """
    SELECT run, signal_type, signal_code, count(*) AS n, count(*) FILTER (WHERE value) AS true_count
    FROM agents_qualitysignal WHERE project_id = %(project)s AND {within} GROUP BY 1, 2, 3
    """,
)
KINDS = (RUNS, DECISIONS, SIGNALS)


def count_rows(kind: Kind, spans: tuple[Span, ...], narrowed: str = "", sums: Sequence[str] = ()) -> str:
    """The SELECT of place, keys and sums over the groups that began in these spans; it takes the project as `project`.

    `narrowed`: conditions on runs, by AND; `sums`: which of them, all where none is named.
    """
    place = ", ".join((*PLACE, *kind.keys))
    added = ", ".join(f"{kind.sums[name]} AS {name}" for name in sums or kind.sums)
    return f"""
        SELECT {place}, {added}
        FROM ({_runs(spans, narrowed)}) run
        {"LEFT JOIN" if kind.every else "JOIN"} ({kind.told.format(within=within(spans))}) told ON told.run = run.id
        GROUP BY {place}
    """  # noqa: S608 - columns of our own


def _runs(spans: tuple[Span, ...], narrowed: str) -> str:
    """Runs with what counting asks of them. A run that failed or that has a failure is one with failures."""
    failed = ", ".join(f"bool_or(failure_type = '{kind}') AS failed_{kind}" for kind in FAILURE_TYPES)
    return f"""
        SELECT id, agent_id, agent_version, environment, status,
               status <> 'running' AS finished, loop_repeats IS NOT NULL AS loops, latency_ms, cost_usd,
               CASE WHEN tokens_in IS NOT NULL OR tokens_out IS NOT NULL
                    THEN COALESCE(tokens_in, 0) + COALESCE(tokens_out, 0) END AS tokens,
               status = 'failure' OR failed.run IS NOT NULL AS with_failures, {", ".join(FAILED)}
        FROM agents_run LEFT JOIN (
            SELECT run, {failed} FROM agents_failure
            WHERE project_id = %(project)s AND {within(spans)} GROUP BY run
        ) failed ON failed.run = id
        WHERE project_id = %(project)s AND {within(spans)} {narrowed}
    """  # noqa: S608 - columns of our own
