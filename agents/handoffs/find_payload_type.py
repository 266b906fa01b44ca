"""This file lets you find a payload type by its name: its newest version, or the one that is named."""

from uuid import UUID

from assay.core.errors import single

from agents.models import PayloadType


def find_payload_type(project_id: UUID, name: str, version: int | None = None) -> PayloadType:
    """Two queries at most. Raises AssayError 404 `unknown_task_type`, with a pointer to what is not there."""
    versions = PayloadType.objects.filter(project_id=project_id, name=name).order_by("-version")
    newest = versions.first()
    if newest is None:
        raise single("unknown_task_type", "/task_type", f"There is no payload type {name[:50]!r}.", status=404)
    if version is None or version == newest.version:
        return newest
    found = versions.filter(version=version).first()
    if found is None:
        told = f"There is no version {version} of {name}; the newest is {newest.version}."
        raise single("unknown_task_type", "/payload_version", told, status=404)
    return found
