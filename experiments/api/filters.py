"""How lists are narrowed."""

from django_filters import rest_framework as filters

from experiments.models import Experiment, Metric
from experiments.models.experiments import Status
from experiments.models.metrics import Kind


class MetricFilters(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=Kind.choices)

    class Meta:
        model = Metric
        fields: list[str] = []


class ExperimentFilters(filters.FilterSet):
    status = filters.ChoiceFilter(choices=Status.choices)
    prompt = filters.UUIDFilter(field_name="prompt_id", help_text="A prompt's id.")

    class Meta:
        model = Experiment
        fields: list[str] = []
