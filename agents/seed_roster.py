"""This file lets you give the agents that come with Assay the system prompts that come with them."""

from pathlib import Path

from assay.core.errors import AssayError
from django.db import transaction

from agents.models import Agent
from sentinel.access import Access
from vault.import_prompts import import_prompts
from vault.models import Prompt
from vault.prompt_files.read import read

SEED = Path(__file__).parent / "seed"
CATEGORY = "agent_system"


@transaction.atomic
def seed_roster(*, access: Access) -> int:
    """Add those that the project never had, each for its agent unless that has one already; how many were added.

    What people changed or deleted stays as it is. Raises AssayError for a file that cannot be taken.
    """
    taken = import_prompts(access=access, rows=read(SEED), defaults={}, only_new=True)
    for one in taken:
        if one.refusal is not None:
            raise AssayError("invalid_seed", f"{one.row.file}: {one.refusal}")
    if not any(one.outcome == "new" for one in taken):
        return 0
    known = Prompt.objects.filter(project_id=access.project_id, category=CATEGORY, source="assay")
    for agent in Agent.objects.in_project(access.project_id).filter(prompt=None):
        agent.prompt = known.filter(agent_code=agent.code).first()
        if agent.prompt is not None:
            agent.save(update_fields=["prompt", "updated_at"])
    return sum(one.outcome == "new" for one in taken)
