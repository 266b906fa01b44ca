"""This file lets you make a version from the newest one and what is to be different."""

from typing import Any

from django.db import transaction

from sentinel.access import Access
from vault.add_version import add_version
from vault.carry_variables import carry_variables
from vault.models import Prompt, Version

TEXT = ("kind", "content", "model_settings")


@transaction.atomic
def revise_version(*, access: Access, prompt: Prompt, publish: bool = False, **given: Any) -> Version:
    """The new version, or the newest one when nothing differs from it.

    `kind`, `content`, `variables` and `model_settings` that are not given are those of the newest version, where of the
    variables those stay that the new text still uses. Raises what `add_version` raises.
    """
    access.require("prompts.write")
    # Held from here, so that what is taken over is the newest version's when the new one is made.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    newest = prompt.versions.newest_first().first()
    fields = given
    if newest is not None:
        fields = {name: getattr(newest, name) for name in TEXT} | given
        if "variables" not in given:
            fields["variables"] = carry_variables(newest.variables, content=fields["content"])
    return add_version(access=access, prompt=prompt, publish=publish, **({"content": None} | fields))
