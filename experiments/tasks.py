"""What the worker does for experiments. Each can be run twice."""

from uuid import UUID

from django_q.tasks import async_task

from experiments.keep_execution_months import keep_execution_months
from experiments.models import Experiment
from experiments.watch_experiment import watch_experiment


def watch() -> None:
    """Have every live experiment looked at, each by a task of its own: one that breaks stops no other."""
    for experiment_id in Experiment.objects.live().order_by("watched_at").values_list("pk", flat=True):
        async_task("experiments.tasks.watch_one", str(experiment_id), group="experiments")


def watch_one(experiment_id: str) -> None:
    """Look at one experiment, unless somebody just did."""
    watch_experiment(experiment_id=UUID(experiment_id))


def keep_months() -> None:
    """Have the months that executions need, and none that is past keeping."""
    keep_execution_months()
