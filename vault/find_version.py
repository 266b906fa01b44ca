"""This file lets you find one of a prompt's versions by what a person calls it."""

from uuid import UUID

from assay.core.errors import AssayError, single

from vault.models import Prompt, Version
from vault.models.labels import LATEST

LONGEST_NAME = 50
UNKNOWN = "This prompt has no version of that number, id or label."


def find_version(prompt: Prompt, name: str, *, pointer: str = "", status: int = 404) -> Version:
    """The version by number, id, or label, in this order; `latest` is the newest. One query.

    Raises AssayError of `status`, `unknown_version` or `version_of_another_prompt`, pointing at where it was named.
    """
    version = _look_up(prompt, name)
    if version is not None and version.prompt_id == prompt.pk:
        return version
    if not pointer:
        raise AssayError("unknown_version", UNKNOWN, status=status)
    if version is not None:
        told = "This version belongs to another prompt."
        raise single("version_of_another_prompt", pointer, told, status=status)
    raise single("unknown_version", pointer, UNKNOWN, status=status)


def _look_up(prompt: Prompt, name: str) -> Version | None:
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        return None
    if name == LATEST:
        return prompt.versions.newest_first().first()
    if (id_ := _uuid(name)) is not None:
        return Version.objects.filter(project_id=prompt.project_id, pk=id_).first()
    if name[0].isdigit() and (numbered := prompt.versions.filter(number=name).first()):
        return numbered
    return prompt.versions.filter(labels__name=name).first()


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name) if len(name) == 36 else None
    except ValueError:
        return None
