from django.urls import path

from vault.api import clients, learning, prompts, versions

urlpatterns = [
    path("prompt-vault/", prompts.Prompts.as_view(), name="prompts"),
    path("prompt-vault/top/<str:vertical>/", prompts.TopPrompts.as_view(), name="top-prompts"),
    path("prompt-vault/stats/summary/", prompts.Stats.as_view(), name="prompt-stats"),
    path("prompt-vault/<uuid:prompt_id>/", prompts.OnePrompt.as_view(), name="prompt"),
    path("prompt-vault/<uuid:prompt_id>/performance/", learning.Performance.as_view(), name="performance"),
    path("prompt-vault/<uuid:prompt_id>/history/", learning.History.as_view(), name="history"),
    path("prompt-vault/<uuid:prompt_id>/versions/", versions.Versions.as_view(), name="versions"),
    path("prompt-vault/<uuid:prompt_id>/versions/<str:number>/", versions.OneVersion.as_view(), name="version"),
    path("prompt-vault/<uuid:prompt_id>/diff/", versions.Diff.as_view(), name="diff"),
    path("prompt-vault/<uuid:prompt_id>/labels/", versions.Labels.as_view(), name="labels"),
    path("prompt-vault/<uuid:prompt_id>/labels/<str:label>/", versions.OneLabel.as_view(), name="label"),
    path("prompt-vault/<uuid:prompt_id>/labels/<str:label>/take-back/", versions.TakeBack.as_view(), name="take-back"),
    path("clients/", clients.Clients.as_view(), name="clients"),
    path("clients/<uuid:client_id>/", clients.OneClient.as_view(), name="client"),
    path("clients/<uuid:client_id>/brand-voice/", clients.BrandVoice.as_view(), name="brand-voice"),
]
