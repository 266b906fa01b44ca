"""This file lets you act for whoever started an experiment: with what they hold today, no more."""

from experiments.models import Experiment
from sentinel.access import Access, permissions_in
from sentinel.roles import OWNER

# What an experiment does within itself needs nobody any more: who started it may have left.
OWN = frozenset({"experiments.write"})


def access_of_starter(experiment: Experiment) -> Access:
    """Nobody by name, with the permissions that the starter, and the key they used, hold now. Three queries at most."""
    return Access(
        project_id=experiment.project_id,
        project_slug=experiment.project.slug,
        permissions=OWN | _held(experiment),
        user_id=None,
    )


def _held(experiment: Experiment) -> frozenset[str]:
    started = experiment.events.filter(action="started").first()
    if started is None or started.facts.get("by") == "installation":
        # A command on this machine: whoever gave it holds the database anyway.
        return OWNER if started is not None else frozenset()
    held = permissions_in(experiment.project_id, experiment.started_by)
    if started.facts.get("by") != "key":
        return held
    key = experiment.started_key
    return held & frozenset(key.permissions) if key is not None and key.revoked_at is None else frozenset()
