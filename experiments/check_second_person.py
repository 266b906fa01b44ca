"""This file lets you make sure that it is a second person who agrees."""

from assay.core.errors import AssayError

from experiments.models import Experiment
from sentinel.access import Access


def check_second_person(*, access: Access, experiment: Experiment) -> None:
    """Raises AssayError 403 `second_person_needed` for who started the experiment, for the maker of the key that did,
    whom that key acts for, and for nobody by name."""
    if access.user_id is None or access.user_id == experiment.started_by_id:
        told = "Somebody else than who started this experiment, or made the key that did, has to agree."
        raise AssayError("second_person_needed", told, status=403)
