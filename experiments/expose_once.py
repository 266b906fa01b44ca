"""This file lets you write down a unit's first meeting with its arm, before it is told of it."""

from collections.abc import Iterable
from uuid import UUID

from assay.core import token
from assay.core.cache import Cache

from experiments.observed import milliseconds, number_of
from experiments.record_exposures import Met, expose

# Whom this process has written down already. It may be lost: writing again changes nothing.
_met = Cache(limit=100_000)


def expose_once(project_id: UUID, resolution_ids: Iterable[str]) -> None:
    """One query where this process serves a unit in its experiment for the first time, none from then on or without
    an experiment."""
    new: dict[str, Met] = {}
    for named in map(token.read, resolution_ids):
        if named.unit_hash is None or named.experiment_id is None or named.arm is None:
            continue
        key = f"{named.experiment_id}:{named.unit_hash.hex()}"
        if _met.get(key) is None:
            unit = number_of(named.unit_hash)
            new[key] = Met(UUID(named.experiment_id), named.arm, unit, milliseconds(named.milliseconds))
    if new:
        expose(project_id=project_id, met=list(new.values()))
    for key in new:
        _met.put(key, True)


def forget() -> None:
    """Have met nobody, for tests."""
    _met.young.clear()
    _met.old.clear()
