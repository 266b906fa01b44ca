"""This file lets you add a version to a prompt, and publish it."""

from typing import Any

from django.db import transaction

from sentinel.access import Access
from vault.check_version import check_version
from vault.models import Prompt, Version
from vault.models.labels import PRODUCTION
from vault.move_label import move_label
from vault.next_number import next_number

FIRST_NUMBER = "1.0.0"


@transaction.atomic
def add_version(
    *,
    access: Access,
    prompt: Prompt,
    content: Any,
    kind: str = "text",
    variables: dict[str, Any] | None = None,
    model_settings: dict[str, Any] | None = None,
    parent: Version | None = None,
    publish: bool = False,
    **facts: Any,
) -> Version:
    """The new version, or the newest one when nothing differs from it. `facts`: variant_id, strategy, note, ….

    Raises AssayError 422 for what cannot be saved, 403 for a protected label.
    """
    access.require("prompts.write")
    checked = check_version(kind=kind, content=content, variables=variables, model_settings=model_settings)
    # Two writers at once: the second waits here, and numbers its version after the first's.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    newest = prompt.versions.newest_first().first()
    if newest is not None and _is_same(newest, checked, facts):
        version = newest
    else:
        version = Version.objects.create(
            project_id=prompt.project_id,
            prompt=prompt,
            number=FIRST_NUMBER if newest is None else _number_after(newest, checked),
            kind=checked.kind,
            content=checked.content,
            variables=checked.variables,
            model_settings=checked.model_settings,
            parent=parent or newest,
            author_id=access.user_id,
            **facts,
        )
    if publish:
        move_label(access=access, prompt=prompt, label=PRODUCTION, version=version, reason="published")
    return version


def _is_same(newest: Version, checked: Any, facts: dict[str, Any]) -> bool:
    now = (newest.kind, newest.content, newest.variables, newest.model_settings)
    new = (checked.kind, checked.content, checked.variables, checked.model_settings)
    return now == new and all(getattr(newest, name) == value for name, value in facts.items())


def _number_after(newest: Version, checked: Any) -> str:
    return next_number(
        newest=newest.number,
        old_content=(newest.kind, newest.content),
        new_content=(checked.kind, checked.content),
        old_variables=newest.variables,
        new_variables=checked.variables,
    )
