"""This file lets you put a new prompt into the vault, with its first version."""

from typing import Any

from assay.core.errors import AssayError, FieldError
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sentinel.access import Access
from vault.add_version import add_version
from vault.models import Prompt


def name_taken(prompt: Prompt) -> AssayError:
    told = f"There is an active prompt named {prompt.name!r} in the language {prompt.language} already."
    return AssayError("name_taken", told, status=409, errors=[FieldError("/name", "name_taken", told)])


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


def save_prompt(prompt: Prompt) -> None:
    """Check and save a prompt's own fields; AssayError as above."""
    try:
        prompt.clean_fields(exclude=["project"])
    except ValidationError as error:
        errors = [
            FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))
            for name, found in error.error_dict.items()
            for one in found
        ]
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors) from None
    try:
        with transaction.atomic():
            prompt.save()
    except IntegrityError as error:
        if "one_active_name" in str(error):
            raise name_taken(prompt) from None
        raise
