"""An experiment, ready to assign units: what is off about it is found here, not with the first unit."""

from binascii import Error as Base64Error
from binascii import a2b_base64

from assay.core.errors import BundleError
from assay.core.shapes import WHOLE, Arm, Experiment, Version


class Trial:
    """An experiment made ready: each arm with its version and the upper end of its cumulative shares."""

    __slots__ = ("arms", "ends", "experiment", "known")

    def __init__(self, experiment: Experiment, versions: dict[tuple[str, str], Version]) -> None:
        self.experiment = experiment
        self.arms: list[tuple[Arm, Version]] = []
        self.ends: list[int] = []
        end = 0
        for arm in sorted(experiment.arms, key=lambda arm: arm.number):
            version = versions.get((experiment.prompt_id, arm.version_id))
            if version is None:
                raise BundleError("invalid_bundle", f"Experiment {experiment.id} names an absent version.")
            end += arm.share
            self.arms.append((arm, version))
            self.ends.append(end)
        if end != WHOLE:
            raise BundleError("invalid_bundle", f"The shares of experiment {experiment.id} do not sum to {WHOLE}.")
        self.known = None if experiment.known is None else _hashes(experiment)


def _hashes(experiment: Experiment) -> frozenset[bytes]:
    try:
        packed = a2b_base64(experiment.known or "", strict_mode=True)
    except Base64Error:
        packed = b"?"
    if len(packed) % 8:
        raise BundleError("invalid_bundle", f"The known units of experiment {experiment.id} are damaged.")
    return frozenset(packed[place : place + 8] for place in range(0, len(packed), 8))
