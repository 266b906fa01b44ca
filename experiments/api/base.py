"""What the views of experiments start from."""

from typing import Any

from assay.core.errors import AssayError

from experiments.models import Experiment, Metric
from experiments.models.experiments import ExperimentQuerySet
from sentinel.project_view import ProjectView


class ExperimentsView(ProjectView):
    area = "experiments"


class MetricView(ExperimentsView):
    """A view of one metric, whose id is in the address."""

    kwargs: dict[str, Any]

    @property
    def metric(self) -> Metric:
        """The metric of this project. AssayError 404."""
        metric = Metric.objects.in_project(self.access.project_id).filter(pk=self.kwargs["metric_id"]).first()
        if metric is None:
            raise AssayError("not_found", "There is no such metric.", status=404)
        return metric


class ExperimentView(ExperimentsView):
    """A view of one experiment, whose id is in the address."""

    kwargs: dict[str, Any]

    @property
    def experiment(self) -> Experiment:
        """The experiment of this project. AssayError 404."""
        return self.find(Experiment.objects.all())

    def find(self, experiments: ExperimentQuerySet) -> Experiment:
        """The same, out of `experiments`, with what those bring along."""
        found = experiments.in_project(self.access.project_id).filter(pk=self.kwargs["experiment_id"]).first()
        if found is None:
            raise AssayError("not_found", "There is no such experiment.", status=404)
        return found
