"""The address that runs are posted to and listed at."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agents.api.asked import answered
from agents.api.found_runs import find
from agents.api.runs_in import post_run
from config.fast_lane import for_programs


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest) -> HttpResponse:
    return post_run(request) if request.method == "POST" else answered(find, request)
