"""Know which units have met their arm in this process, so that each meeting is told once."""

import msgspec

from assay.core.cache import Cache
from assay.core.resolve import Resolution

MOST_MET = 50_000


class Meetings:
    """Whom this process has told of. It may be lost: telling again changes nothing."""

    def __init__(self) -> None:
        self._met = Cache(MOST_MET)

    def first(self, resolution: Resolution, unit: str | None) -> bytes | None:
        """Return the exposure to queue, None where this process has told of this unit already or there is none to tell.

        It goes to disk before the caller is answered: an arm that brings its process down must not thereby lose the
        exposures that say so.
        """
        experiment = resolution.experiment
        if experiment is None:
            return None
        met = f"{experiment.id}:{unit}"
        if self._met.get(met) is not None:
            return None
        self._met.put(met, True)
        return msgspec.json.encode({"resolution_id": resolution.resolution_id})
