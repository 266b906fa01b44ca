"""This file lets you see what a version becomes with given values, before anybody is served it."""

from typing import Any

import msgspec
from assay.core import shapes as core
from assay.core.brand import fill_brand
from assay.core.compiled import Compiled

from vault.models import Client, Prompt, Version


def try_version(
    *, prompt: Prompt, version: Version, variables: dict[str, Any], client: Client | None = None
) -> list[core.Message]:
    """The messages of a chat, or for a text one message of the user, rendered by the very code that serves them.

    Raises AssayError with a pointer for each variable that cannot be used.
    """
    stored = {
        "id": str(version.pk),
        "number": version.number,
        "kind": version.kind,
        "content": version.content,
        "variables": version.variables,
        "model_settings": version.model_settings,
    }
    ready = Compiled(_named(prompt), msgspec.convert(stored, core.Version))
    text, messages = ready.render(variables, fill_brand(client.brand_file) if client else None)
    return messages if messages is not None else [core.Message("user", text or "")]


def _named(prompt: Prompt) -> core.Prompt:
    return core.Prompt(
        id=str(prompt.pk),
        name=prompt.name,
        category=prompt.category,
        vertical=prompt.vertical,
        platform=prompt.platform,
        agent_code=prompt.agent_code,
        language=prompt.language,
        technique=prompt.technique,
        labels={},
        versions=[],
    )
