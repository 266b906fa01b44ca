"""This file lets you find out whether somebody may move a label."""

from assay.core.errors import AssayError
from django.core.exceptions import ValidationError

from sentinel.access import Access
from vault.models import Prompt, VaultSettings
from vault.models.labels import LABEL_NAME, LATEST


def check_label(*, access: Access, prompt: Prompt, label: str) -> None:
    """Raises AssayError 403 `permission_denied` or `label_protected`, 422 for a name that is none."""
    access.require("prompts.write")
    if label == LATEST:
        raise AssayError(
            "label_is_worked_out", "`latest` is always the newest version; it cannot be moved.", status=422
        )
    try:
        LABEL_NAME(label)
    except ValidationError as error:
        raise AssayError("invalid_label", f"A label's name: {error.message}", status=422) from None
    if label in VaultSettings.objects.of(prompt.project_id).protected_labels and not access.may("keys.manage"):
        told = f"The label {label} is protected: only an admin or owner moves it."
        raise AssayError("label_protected", told, status=403)
