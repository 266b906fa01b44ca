"""Runs over HTTP, to read: the list, one in full, and those that went in circles."""

from assay.core.codes import FAILURE_TYPES, RUN_STATUSES
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from agents.api.asked import SCOPE, Asked, answered, question
from agents.questions.find_loops import Loops, find_loops
from agents.questions.find_runs import RunsFound, Wanted, find_runs
from agents.questions.tell_run import RunDetails, tell_run
from config.fast_lane import for_programs

CODES = ("run_id", "session_id", "trace_id")
IDS = ("version_id", "experiment_id")
PAGE = ("cursor", "page_size")
USUAL_PAGE, MOST_ON_A_PAGE = 50, 500
USUAL_PART, MOST_OF_A_PART = 1_000, 10_000
LAST_PAGE = 1_000_000


def find(request: HttpRequest) -> RunsFound:
    """GET of the address that runs are posted to."""
    asked = Asked(request, (*SCOPE, *CODES, *IDS, "status", "failure_type", *PAGE))
    return find_runs(
        scope=asked.scope,
        wanted=Wanted(
            run_id=asked.code("run_id"),
            session_id=asked.code("session_id"),
            # It is taken in either case, and kept in lower case.
            trace_id=(asked.code("trace_id") or "").lower() or None,
            version_id=asked.uuid("version_id"),
            experiment_id=asked.uuid("experiment_id"),
            status=asked.one_of("status", RUN_STATUSES),
            failure_type=asked.one_of("failure_type", FAILURE_TYPES),
        ),
        before=asked.uuid("cursor"),
        size=asked.page_size(USUAL_PAGE, MOST_ON_A_PAGE),
    )


@for_programs
@question
def loops(request: HttpRequest) -> Loops:
    asked = Asked(request, (*SCOPE, *PAGE))
    size = asked.page_size(USUAL_PAGE, MOST_ON_A_PAGE)
    return find_loops(scope=asked.scope, before=asked.uuid("cursor"), size=size)


@require_safe
def details(request: HttpRequest, run_id: str) -> HttpResponse:
    return answered(_details, request, run_id=run_id)


def _details(request: HttpRequest, run_id: str) -> RunDetails:
    asked = Asked(request, ("page", "page_size"))
    return tell_run(
        project_id=asked.access.project_id,
        name=run_id,
        page=asked.whole("page", 1, LAST_PAGE),
        size=asked.page_size(USUAL_PART, MOST_OF_A_PART),
    )
