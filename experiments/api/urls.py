from django.urls import path

from experiments.api import bundle, observations
from experiments.api.engagement import engagement
from experiments.api.resolve import resolve
from experiments.api.usage import usage

urlpatterns = [
    path("resolve", resolve, name="resolve"),
    path("usage", usage, name="usage"),
    path("engagement", engagement, name="engagement"),
    path("exposures", observations.exposures, name="exposures"),
    path("outcomes", observations.outcomes, name="outcomes"),
    path("bundle", bundle.content, name="bundle"),
    path("bundle/scores", bundle.scores, name="bundle-scores"),
]
