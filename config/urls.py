"""Every address of this installation."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import problems

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("sentinel.urls")),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("api/v1/", include("agents.api.urls")),
    path("api/v1/", include("experiments.api.urls")),
    path("api/v1/", include("sentinel.api.urls")),
    path("api/v1/", include("vault.api.urls")),
    path("", include("agents.api.a2a_urls")),
    path("otlp/", include("agents.api.otlp_urls")),
    path("ofrep/v1/", include("experiments.api.flag_urls")),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.problem(problems.of_status(404, "There is nothing at this address."))


def handler500(request: HttpRequest, *args: Any) -> HttpResponse:
    return problems.problem(problems.of_status(500))


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problems.problem(problems.of_status(400))
