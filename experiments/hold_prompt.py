"""This file lets an experiment hold its prompt: production and context stay what they are while it goes on."""

from assay.core.errors import AssayError

from experiments.models import Experiment
from vault.held import hold
from vault.models import Prompt


@hold
def hold_prompt(prompt: Prompt, doing: str) -> None:
    """Raises AssayError 409 `held_by_experiment`, naming it. One query."""
    held = Experiment.objects.live().filter(prompt_id=prompt.pk).values("id", "name", "status", "purpose").first()
    if held is None:
        return
    what = "holdback" if held["purpose"] == "holdback" else "experiment"
    raise AssayError(
        "held_by_experiment",
        f"The {what} {held['name']!r} is {held['status']} on this prompt, which cannot {doing} meanwhile.",
        status=409,
        extra={"experiment": {"id": str(held["id"]), "name": held["name"]}},
    )
