"""This file lets you save a prompt's own fields, with a clear error for each that cannot be."""

from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from vault.held import check_free
from vault.models import Prompt

# Where a prompt stands: what decides whom it serves.
PLACE = frozenset({"category", "vertical", "platform", "agent_code", "language", "is_active"})


def save_prompt(prompt: Prompt) -> None:
    """Raises AssayError 422 with a pointer for each bad field, 409 `name_taken`, and what a guard raises."""
    try:
        prompt.clean_fields(exclude=["project"])
    except ValidationError as error:
        errors = [
            FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))
            for name, found in error.error_dict.items()
            for one in found
        ]
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors) from None
    before = None if prompt._state.adding else Prompt.objects.filter(pk=prompt.pk).values(*PLACE).first()
    if before is not None and before != {name: getattr(prompt, name) for name in PLACE}:
        check_free(prompt, "change its context" if prompt.is_active else "be taken out of service")
    try:
        with transaction.atomic():
            prompt.save()
    except IntegrityError as error:
        if "one_active_name" not in str(error):
            raise
        told = f"There is an active prompt named {prompt.name!r} in the language {prompt.language} already."
        raise single("name_taken", "/name", told, status=409) from None
