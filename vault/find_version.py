"""This file lets you find one of a prompt's versions by what a person calls it."""

from uuid import UUID

from assay.core.errors import AssayError, single

from vault.models import Prompt, Version
from vault.models.labels import LATEST

LONGEST_NAME = 50


def find_version(prompt: Prompt, name: str, *, pointer: str | None = None) -> Version:
    """The version by number, id, or label, in this order; `latest` is the newest. One query.

    Raises AssayError 422 `unknown_version` or `version_of_another_prompt` with the pointer of where it was named; 404
    `unknown_version` without a pointer.
    """
    version = _look_up(prompt, name)
    if version is not None and version.prompt_id == prompt.pk:
        return version
    told = "This prompt has no version of that number, id or label."
    if pointer is None:
        raise AssayError("unknown_version", told, status=404)
    if version is not None:
        raise single("version_of_another_prompt", pointer, "This version belongs to another prompt.")
    raise single("unknown_version", pointer, told)


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
