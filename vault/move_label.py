"""This file lets you move a label to a version, or take it away."""

from assay.core.errors import single
from django.db import transaction

from sentinel.access import Access
from vault.check_label import check_label
from vault.held import check_free
from vault.models import Label, LabelMove, Prompt, Version
from vault.models.labels import PRODUCTION


@transaction.atomic
def move_label(
    *, access: Access, prompt: Prompt, label: str, version: Version | None, reason: str = ""
) -> LabelMove | None:
    """The move as recorded; None when the label is there already. A version of None takes the label away.

    Raises AssayError 403 `label_protected`, 422 for a name that is none or a version of another prompt, and what a
    guard raises that holds the prompt.
    """
    check_label(access=access, prompt=prompt, label=label)
    if version is not None and version.prompt_id != prompt.pk:
        told = "This version belongs to another prompt."
        raise single("version_of_another_prompt", "/version", told)
    # Two movers at once: the second waits, so that each move's `from` is what the label really left.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    current = Label.objects.filter(prompt=prompt, name=label).first()
    before = current.version_id if current else None
    if before == (version.pk if version else None):
        return None
    if label == PRODUCTION:
        check_free(prompt, "have its label production moved")
    if version is None:
        Label.objects.filter(prompt=prompt, name=label).delete()
    else:
        Label.objects.update_or_create(
            prompt=prompt, name=label, defaults={"version": version, "project_id": prompt.project_id}
        )
    return LabelMove.objects.create(
        project_id=prompt.project_id,
        prompt=prompt,
        label=label,
        from_version_id=before,
        to_version=version,
        moved_by_id=access.user_id,
        key_id=access.key_id,
        reason=reason,
    )
