from django.urls import path

from sentinel.views import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
]
