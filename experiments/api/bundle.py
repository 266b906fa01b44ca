"""A project's bundle for its SDKs: two parts, each with an ETag."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from config.fast_lane import for_programs
from experiments.bundle import Part, serve
from sentinel.authentication import authenticate


@for_programs
@require_safe
def content(request: HttpRequest) -> HttpResponse:
    """Prompts, labelled versions, clients and settings. 304 when the ETag still stands."""
    access = authenticate(request)
    access.require("prompts.read")
    return _answer(request, serve(access.project_id).content(with_clients=access.reads_clients))


@for_programs
@require_safe
def scores(request: HttpRequest) -> HttpResponse:
    """What the prompts earned, and the revision of the content that belongs to it."""
    access = authenticate(request)
    access.require("prompts.read")
    return _answer(request, serve(access.project_id).scores())


def _answer(request: HttpRequest, part: Part) -> HttpResponse:
    if part.etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(part.zipped, content_type="application/json")
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(part.body, content_type="application/json")
    response["ETag"] = part.etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Authorization", "X-API-Key", "X-Project"])
    return response
