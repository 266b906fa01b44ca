"""This file lets you make codes of names that were chosen freely, alike by all doors of a project."""

import hmac
from uuid import UUID

from django.conf import settings

from agents.otlp.name import Namer

MOST_REMEMBERED = 1_000
_namers: dict[UUID, Namer] = {}


def namer_of(project_id: UUID) -> Namer:
    """The project's namer. Its key follows from the installation's secret: a dump of the database does not have it."""
    namer = _namers.get(project_id)
    if namer is None:
        if len(_namers) >= MOST_REMEMBERED:
            _namers.clear()
        key = hmac.digest(settings.SECRET_KEY.encode(), b"agents.otlp.name:" + project_id.bytes, "sha256")
        namer = _namers[project_id] = Namer(key)
    return namer
