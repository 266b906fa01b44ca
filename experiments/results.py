"""This file lets you read what an experiment says: the same for the API, the admin, the chart and the evidence."""

from typing import Any

from experiments.models import Experiment


def results(experiment: Experiment) -> dict[str, Any]:
    """Its results as plain JSON: see docs/experiments.md."""
    if experiment.evidence is not None:
        return dict(experiment.evidence["results"])
    return {"verdict": {"outcome": "keep_running", "reasons": []}}
