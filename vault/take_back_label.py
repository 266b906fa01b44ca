"""This file lets you take back a label's last move."""

from assay.core.errors import AssayError
from django.db import transaction

from sentinel.access import Access
from vault.check_label import check_label
from vault.models import LabelMove, Prompt
from vault.move_label import move_label


@transaction.atomic
def take_back_label(*, access: Access, prompt: Prompt, label: str) -> LabelMove | None:
    """Move the label back to where its last move came from. Taking that back moves it forth again.

    Raises AssayError 409 `nothing_to_take_back`, and what `move_label` raises.
    """
    check_label(access=access, prompt=prompt, label=label)
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    last = prompt.label_moves.filter(label=label).select_related("from_version").first()
    if last is None:
        raise AssayError("nothing_to_take_back", f"The label {label} was never moved here.", status=409)
    return move_label(access=access, prompt=prompt, label=label, version=last.from_version, reason="taken back")
