"""This file lets you make a version from the newest one and what is to be different."""

from typing import Any

from assay.core.errors import AssayError
from assay.core.render import compile_template
from assay.core.variables import check_against, derive
from django.db import transaction

from sentinel.access import Access
from vault.add_version import add_version
from vault.models import Prompt, Version

TEXT = ("kind", "content", "model_settings")


@transaction.atomic
def revise_version(*, access: Access, prompt: Prompt, publish: bool = False, **given: Any) -> Version:
    """The new version, or the newest one when nothing differs from it.

    `kind`, `content`, `variables` and `model_settings` that are not given are those of the newest version; variables
    that do not fit the new text are worked out from it. Raises what `add_version` raises.
    """
    access.require("prompts.write")
    # Held from here, so that what is taken over is the newest version's when the new one is made.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    newest = prompt.versions.newest_first().first()
    fields = given
    if newest is not None:
        fields = {name: getattr(newest, name) for name in TEXT} | given
        if "variables" not in given and _fits(newest.variables, fields["content"]):
            fields["variables"] = newest.variables
    return add_version(access=access, prompt=prompt, publish=publish, **({"content": None} | fields))


def _fits(variables: dict[str, Any], content: Any) -> bool:
    """Whether the content uses all of these variables and no other, in the way that they are described."""
    texts = content if isinstance(content, list) else [{"content": content}]
    try:
        templates = [compile_template(text["content"]) for text in texts]
        check_against(variables, templates)
    except (AssayError, TypeError, KeyError, AttributeError):
        return False  # `add_version` says what is wrong
    return set(derive(templates)["properties"]) == set(variables.get("properties", {}))
