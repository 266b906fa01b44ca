"""Hashes of units: sticky, without storage, and the same in every language."""

import hashlib
from bisect import bisect_right

from assay.core.errors import single
from assay.core.shapes import WHOLE, Arm, Version
from assay.core.trial import Trial

MAX_UNIT = 200
DRAW = "draw"
COVERAGE = "coverage"
ARM = "arm"
UNIT = "unit"


def check_unit(unit: str) -> str:
    """The unit as it is; raises `invalid_unit` unless it is a string of 1 to 200 characters that UTF-8 can hold."""
    if not isinstance(unit, str) or not 1 <= len(unit) <= MAX_UNIT:
        raise single("invalid_unit", "/unit", f"unit must be a string of 1 to {MAX_UNIT} characters.")
    if not unit.isascii() and any("\ud800" <= character <= "\udfff" for character in unit):
        raise single("invalid_unit", "/unit", "unit holds half of a surrogate pair, which no encoding can carry.")
    return unit


def fraction(salt: str, purpose: str, unit: str) -> float:
    """Where a unit falls in [0, 1).

    The first 8 bytes, big-endian, of SHA-256 of the UTF-8 of `salt:purpose:unit`, shifted right by 11 and divided by
    2^53: exact in every language that has doubles, and always below 1.
    """
    digest = hashlib.sha256(f"{salt}:{purpose}:{unit}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 9007199254740992.0


def unit_hash(project_id: str, unit: str) -> bytes:
    """The 8 bytes by which a resolution id knows its unit, without naming it."""
    return hashlib.sha256(f"{project_id}:{UNIT}:{unit}".encode()).digest()[:8]


def assign(trial: Trial, unit: str, unit_hash: bytes) -> tuple[Arm, Version] | None:
    """The arm that a unit is in, for good, and its version; None when it takes no part.

    A unit takes part when its `coverage` hash is below the coverage, so that a growing coverage only adds units. Its
    `arm` hash, placed on the arms' cumulative shares, names its arm. Where nobody is exposed any more, it is
    known who was.
    """
    experiment = trial.experiment
    if fraction(experiment.salt, COVERAGE, unit) * WHOLE >= experiment.coverage:
        return None
    if trial.known is not None and unit_hash not in trial.known:
        return None
    arm, version = trial.arms[bisect_right(trial.ends, fraction(experiment.salt, ARM, unit) * WHOLE)]
    return None if arm.withdrawn else (arm, version)
