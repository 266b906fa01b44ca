from django.urls import path

from agents.api.otlp import traces

urlpatterns = [path("v1/traces", traces, name="otlp-traces")]
