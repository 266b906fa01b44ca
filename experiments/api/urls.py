from django.urls import path

from experiments.api import bundle
from experiments.api.resolve import resolve

urlpatterns = [
    path("resolve", resolve, name="resolve"),
    path("bundle", bundle.content, name="bundle"),
    path("bundle/scores", bundle.scores, name="bundle-scores"),
]
