"""This file lets you change a prompt: its own fields, and by a new version what it says."""

from typing import Any

from django.db import transaction

from sentinel.access import Access
from vault.models import Prompt
from vault.models.labels import PRODUCTION
from vault.move_label import move_label
from vault.revise_version import revise_version
from vault.save_prompt import save_prompt


@transaction.atomic
def revise_prompt(
    *, access: Access, prompt: Prompt, context: dict[str, Any], version: dict[str, Any], publish: bool = False
) -> Prompt:
    """The prompt with what was given changed. `context`: fields of Prompt; `version`: what `revise_version` takes.

    `publish` moves `production` to the new version, or to the newest one when there is nothing new.

    Raises AssayError 422 for what cannot be saved, 409 `name_taken`, 403.
    """
    access.require("prompts.write")
    prompt = Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    if context:
        for name, value in context.items():
            setattr(prompt, name, value)
        save_prompt(prompt)
    if version:
        revise_version(access=access, prompt=prompt, publish=publish, **version)
    elif publish:
        newest = prompt.versions.newest_first().first()
        move_label(access=access, prompt=prompt, label=PRODUCTION, version=newest, reason="published")
    return prompt
