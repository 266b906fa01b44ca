"""Settings and addresses of the ceiling: Django as it comes, one view that answers a constant, and nothing else."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.bare"


@csrf_exempt
def bare(request: HttpRequest) -> JsonResponse:
    """The least that a view can do."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("healthz", bare), path("api/v1/resolve", bare)]
