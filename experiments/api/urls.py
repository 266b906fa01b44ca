from django.urls import path

from experiments.api import actions, bundle, experiments, metrics, observations, power, results, scores
from experiments.api.engagement import engagement
from experiments.api.resolve import resolve
from experiments.api.usage import usage

ONE = "experiments/<uuid:experiment_id>"

urlpatterns = [
    path("resolve", resolve, name="resolve"),
    path("usage", usage, name="usage"),
    path("engagement", engagement, name="engagement"),
    path("exposures", observations.exposures, name="exposures"),
    path("outcomes", observations.outcomes, name="outcomes"),
    path("executions", observations.executions, name="executions"),
    path("power", power.PowerView.as_view(), name="power"),
    path("metrics/", metrics.Metrics.as_view(), name="metrics"),
    path("metrics/<uuid:metric_id>/", metrics.OneMetric.as_view(), name="metric"),
    path("experiments/", experiments.Experiments.as_view(), name="experiments"),
    path(f"{ONE}/", experiments.OneExperiment.as_view(), name="experiment"),
    path(f"{ONE}/start/", actions.Start.as_view(), name="start-experiment"),
    path(f"{ONE}/pause/", actions.Pause.as_view(), name="pause-experiment"),
    path(f"{ONE}/resume/", actions.Resume.as_view(), name="resume-experiment"),
    path(f"{ONE}/conclude/", actions.Conclude.as_view(), name="conclude-experiment"),
    path(f"{ONE}/promote/", actions.Promote.as_view(), name="promote-experiment"),
    path(f"{ONE}/roll-back/", actions.RollBack.as_view(), name="roll-back-experiment"),
    path(f"{ONE}/approve/", actions.Approve.as_view(), name="approve-experiment"),
    path(f"{ONE}/widen/", actions.Widen.as_view(), name="widen-experiment"),
    path(f"{ONE}/withdraw/", actions.Withdraw.as_view(), name="withdraw-arm"),
    path(f"{ONE}/results/", results.Results.as_view(), name="experiment-results"),
    path(f"{ONE}/verdict/", results.VerdictView.as_view(), name="experiment-verdict"),
    path(f"{ONE}/timeline/", results.Timeline.as_view(), name="experiment-timeline"),
    path("prompt-vault/<uuid:prompt_id>/scores/", scores.Scores.as_view(), name="prompt-scores"),
    path("bundle", bundle.content, name="bundle"),
    path("bundle/scores", bundle.scores, name="bundle-scores"),
]
