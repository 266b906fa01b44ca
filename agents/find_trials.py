"""This file lets you find which versions and experiments that telemetry names are the project's own."""

from collections.abc import Set
from uuid import UUID

from agents.telemetry.facts import Trial
from experiments.models import Experiment
from vault.models import Version

MOST_REMEMBERED = 10_000
# A version and an experiment that were there once are not forgotten: telemetry may be late.
_found: dict[tuple[UUID, Trial], bool] = {}


def find_trials(*, project_id: UUID, trials: Set[Trial]) -> set[Trial]:
    """Those whose version, and experiment where one is named, belong to the project. No query for what this process
    has found before, two at most for the rest."""
    unseen = {trial for trial in trials if (project_id, trial) not in _found}
    if unseen:
        versions = set(
            Version.objects.filter(project_id=project_id, pk__in={trial.version_id for trial in unseen}).values_list(
                "pk", flat=True
            )
        )
        named = {trial.experiment_id for trial in unseen if trial.experiment_id is not None}
        experiments: set[UUID | None] = {None}
        if named:
            experiments |= set(
                Experiment.objects.filter(project_id=project_id, pk__in=named).values_list("pk", flat=True)
            )
        if len(_found) >= MOST_REMEMBERED:
            _found.clear()
        for trial in unseen:
            if trial.version_id in versions and trial.experiment_id in experiments:
                _found[project_id, trial] = True
    return {trial for trial in trials if (project_id, trial) in _found}


def forget() -> None:
    """Look again, for tests."""
    _found.clear()
