"""This file lets you write down a unit's first meeting with its arm, before it is told of it."""

from uuid import UUID

from assay.core import token
from assay.core.bundle import Cache
from assay.core.resolve import Resolution

from experiments.observed import milliseconds, number_of
from experiments.record_exposures import Met, expose

# Whom this process has written down already. It may be lost: writing again changes nothing.
_met = Cache(limit=100_000)


def expose_once(project_id: UUID, resolution: Resolution) -> None:
    """One query the first time this process serves the unit in its experiment, none from then on or without one."""
    if resolution.experiment is None:
        return
    named = token.read(resolution.resolution_id)
    if named.unit_hash is None or named.experiment_id is None or named.arm is None:
        return
    key = f"{named.experiment_id}:{named.unit_hash.hex()}"
    if _met.get(key) is not None:
        return
    unit = number_of(named.unit_hash)
    met = Met(UUID(named.experiment_id), named.arm, unit, milliseconds(named.milliseconds))
    expose(project_id=project_id, met=[met])
    _met.put(key, True)


def forget() -> None:
    """Have met nobody, for tests."""
    _met.young.clear()
    _met.old.clear()
