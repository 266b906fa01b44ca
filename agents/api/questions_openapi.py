"""The schema of what telemetry is asked: plain views, for speed."""

from typing import Any

from assay.core.codes import FAILURE_TYPES, RUN_STATUSES

from agents.api.found_runs import LAST_PAGE, MOST_OF_A_PART, MOST_ON_A_PAGE, USUAL_PAGE, USUAL_PART
from agents.questions.aggregate_decisions import DecisionsAggregate
from agents.questions.aggregate_signals import SignalsAggregate
from agents.questions.compare_versions import VersionsCompared
from agents.questions.correlate_decisions import DecisionsFailures
from agents.questions.correlate_signals import SignalsOutcomes
from agents.questions.draw_graph import AgentsGraph
from agents.questions.find_loops import Loops
from agents.questions.find_runs import RunsFound
from agents.questions.tell_run import RunDetails
from config.openapi import answer, ref
from sentinel.api.openapi import SECURITY

CODE = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9._:/@+-]+$"}
TIME = {"type": "string", "format": "date-time"}
UUID = {"type": "string", "format": "uuid"}
CURSOR = "Where the page begins: `next` of the page before."
OFF = (
    " Where the project does not keep decisions and signals the answer is 503 `decisions_switched_off`, until somebody "
    "switches them on."
)


def add_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: these operations, beside those it finds by itself and others of the same addresses."""
    for path, operation in _operations().items():
        result["paths"].setdefault(f"/api/v1/{path}", {})["get"] = operation
    return result


def _operations() -> dict[str, dict[str, Any]]:
    return {
        "runs": _question(
            "runs_list",
            "Runs, the newest first, a page at a time. Runs that are named by `run_id`, `session_id` or `trace_id` are "
            "looked for in all that is kept, unless a time is given. A page that holds fewer than were asked for "
            "has a `next` all the same where so many runs were looked through for it that the rest waits.",
            RunsFound,
            [
                *_scope(),
                _parameter("status", {"type": "string", "enum": list(RUN_STATUSES)}, "How it ended, or `running`."),
                _parameter("failure_type", {"type": "string", "enum": list(FAILURE_TYPES)}, "It has such a failure."),
                _parameter("run_id", CODE, "The sender's own name of it."),
                _parameter("session_id", CODE, "All of a session."),
                _parameter("trace_id", CODE, "All of a trace."),
                _parameter("version_id", UUID, "It, or a step of it, used this version of a prompt."),
                _parameter("experiment_id", UUID, "It was an arm of this experiment."),
                *_page(),
            ],
        ),
        "runs/{run_id}/details": _question(
            "runs_details_retrieve",
            "All that is known of a run: its steps in order, failures, decisions, signals, the runs it started and the "
            "one that started it. The address takes Assay's id of it or the sender's own.",
            RunDetails,
            [
                {
                    **_parameter("run_id", CODE, "Its id, or the sender's own name of it."),
                    "in": "path",
                    "required": True,
                },
                _parameter("page", _whole(1, LAST_PAGE), "Which page of each list."),
                _parameter("page_size", _whole(USUAL_PART), f"So many of each list, {MOST_OF_A_PART:,} at most."),
            ],
        ),
        "runs/loops": _question(
            "runs_loops_list",
            "Runs that went through the same steps at least three times in a row, the newest first, and those of this "
            "page by agent and cycle.",
            Loops,
            [*_scope(), *_page()],
        ),
        "decisions/aggregate": _question(
            "decisions_aggregate", f"What agents decided, by type and reason.{OFF}", DecisionsAggregate, _scope()
        ),
        "signals/aggregate": _question(
            "signals_aggregate", f"Which signals were true, by type and code.{OFF}", SignalsAggregate, _scope()
        ),
        "compare/versions": _question(
            "compare_versions",
            "Two versions of an agent: rates, means, reasons and signals, each difference with an interval, "
            "which all hold together.",
            VersionsCompared,
            [
                {**_parameter("agent_id", CODE, "Which agent."), "required": True},
                {**_parameter("version_a", CODE, "The one version."), "required": True},
                {**_parameter("version_b", CODE, "The other, from which the first is taken."), "required": True},
                *_scope("environment"),
            ],
        ),
        "correlate/decisions-failures": _question(
            "correlate_decisions_failures",
            f"Which decisions were observed with failures, beside how often runs have any.{OFF}",
            DecisionsFailures,
            _scope(),
        ),
        "correlate/signals-outcomes": _question(
            "correlate_signals_outcomes",
            f"How signals and the success of runs were observed together.{OFF}",
            SignalsOutcomes,
            _scope(),
        ),
        "agents/graph": _question(
            "agents_graph",
            "Which agents there are, whose runs start whose, and who hands work to whom. Of one agent: what it gives "
            "and what it is given.",
            AgentsGraph,
            _scope("agent_id", "environment"),
        ),
    }


def _question(operation_id: str, description: str, told: type, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "description": description,
        "tags": ["telemetry"],
        "security": SECURITY,
        "parameters": parameters,
        "responses": {"200": answer("The answer.", ref(told))},
    }


def _scope(*names: str) -> list[dict[str, Any]]:
    """What narrows a question, by name; all of it where none is named. Times are always among them."""
    codes = {
        "agent_id": "Runs of this agent.",
        "agent_version": "Of this version of it.",
        "environment": "In this environment.",
    }
    times = [
        _parameter("start_time", TIME, "Runs that began then or later. By itself 30 days before `end_time`."),
        _parameter("end_time", TIME, "Runs that began before then. By itself the end of this hour."),
    ]
    return [_parameter(name, CODE, text) for name, text in codes.items() if not names or name in names] + times


def _page() -> list[dict[str, Any]]:
    return [
        _parameter("cursor", UUID, CURSOR),
        _parameter("page_size", _whole(USUAL_PAGE), f"So many on a page, {MOST_ON_A_PAGE} at most."),
    ]


def _whole(usual: int, most: int | None = None) -> dict[str, Any]:
    """`most`: more is refused."""
    return {"type": "integer", "minimum": 1, "default": usual} | ({} if most is None else {"maximum": most})


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
