"""This file lets you write into an agent's memory within whatever transaction there is: what it knew of the same kind,
key and scope is superseded, never overwritten."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Least

from agents.models import Agent, AgentMemory, Handoff
from agents.models.memory import EVERYWHERE
from config.ids import uuid7


def keep_in_memory(
    *,
    agent: Agent,
    kind: str,
    key: str,
    value: Any,
    valid_from: datetime,
    scope: str = EVERYWHERE,
    valid_to: datetime | None = None,
    handoff: Handoff | None = None,
) -> AgentMemory:
    """The memory as written. Two queries. Who may is for the caller to ask, and that nobody does the same meanwhile."""
    id_ = uuid7()
    begins = models.Value(valid_from, models.DateTimeField())
    # What takes its place is named before it is there: the foreign key is looked at when the transaction ends.
    AgentMemory.objects.filter(agent=agent, kind=kind, key=key, scope=scope, superseded_by=None).update(
        superseded_by_id=id_, valid_to=Least("valid_to", begins)
    )
    return AgentMemory.objects.create(
        id=id_,
        project_id=agent.project_id,
        agent=agent,
        kind=kind,
        key=key,
        value=value,
        scope=scope,
        valid_from=valid_from,
        valid_to=valid_to,
        handoff=handoff,
    )
