"""This file lets you put a new prompt into the vault, with its first version."""

from typing import Any

from django.db import transaction

from sentinel.access import Access
from vault.add_version import add_version
from vault.models import Prompt
from vault.save_prompt import save_prompt


@transaction.atomic
def create_prompt(
    *,
    access: Access,
    context: dict[str, Any],
    content: Any,
    kind: str = "text",
    variables: dict[str, Any] | None = None,
    model_settings: dict[str, Any] | None = None,
    publish: bool = True,
    **facts: Any,
) -> Prompt:
    """The prompt, published unless told not to. `context`: the fields of Prompt; `facts`: those of Version.

    Raises AssayError 422 for fields that cannot be saved, 409 `name_taken`, 403.
    """
    access.require("prompts.write")
    prompt = Prompt(project_id=access.project_id, **context)
    save_prompt(prompt)
    add_version(
        access=access,
        prompt=prompt,
        content=content,
        kind=kind,
        variables=variables,
        model_settings=model_settings,
        publish=publish,
        **facts,
    )
    return prompt
