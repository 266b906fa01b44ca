"""This file lets you save an agent of the roster, new or changed."""

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec
from assay.core.errors import AssayError, FieldError, pointer_of, single
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents.models import Agent
from sentinel.access import Access
from sentinel.models import Project

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Paragraph = Annotated[str, msgspec.Meta(max_length=5000)]
Tags = Annotated[list[Line], msgspec.Meta(max_length=50)]


class Skill(msgspec.Struct, forbid_unknown_fields=True):
    """Something that an agent can do, as other agents are told."""

    id: Line
    name: Line
    description: Paragraph = ""
    tags: Tags = []
    examples: Annotated[list[Paragraph], msgspec.Meta(max_length=20)] = []


class Card(msgspec.Struct, forbid_unknown_fields=True):
    """What other agents are told of an agent."""

    description: Paragraph = ""
    skills: Annotated[list[Skill], msgspec.Meta(max_length=50)] = []
    tags: Tags = []


@transaction.atomic
def save_agent(*, access: Access, agent: Agent) -> Agent:
    """The agent as saved. Raises AssayError 403, 404, 409 `code_taken`, `code_stays`, 422 with a pointer for each bad
    field."""
    access.require("agents.write")
    if agent.project_id != access.project_id:
        raise AssayError("not_found", "There is no such agent.", status=404)
    if errors := list(_errors(agent)):
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    if agent.prompt is not None and agent.prompt.project_id != access.project_id:
        raise single("not_found", "/prompt", "There is no such prompt.", status=404)
    if not agent._state.adding:
        stored = Agent.objects.select_for_update(no_key=True).filter(pk=agent.pk).first()
        if stored is None:
            raise AssayError("not_found", "There is no such agent.", status=404)
        if stored.code != agent.code:
            raise single("code_stays", "/code", "An agent keeps its code: make another one.", status=409)
    else:
        _refuse_its_like(agent)
    try:
        with transaction.atomic():
            agent.save()
    except IntegrityError as error:
        if "one_agent_code" not in str(error):
            raise
        raise single("code_taken", "/code", f"There is an agent {agent.code!r} already.", status=409) from None
    return agent


def _refuse_its_like(agent: Agent) -> None:
    """Raises AssayError 409 `code_taken` where a code differs from this one in case alone: one would be taken for the
    other. Two that are added at once are added one after the other."""
    list(Project.objects.select_for_update(no_key=True).filter(pk=agent.project_id).values_list("pk"))
    like = Agent.objects.in_project(agent.project_id).filter(code__iexact=agent.code).exclude(code=agent.code)
    taken = like.values_list("code", flat=True).first()
    if taken is not None:
        told = f"There is an agent {taken!r} already: codes must differ in more than case."
        raise single("code_taken", "/code", told, status=409)


def _errors(agent: Agent) -> Iterator[FieldError]:
    try:
        agent.clean_fields(exclude=["project", "prompt", "card"])
    except ValidationError as error:
        for name, found in error.error_dict.items():
            pointer = {"is_active": "/active"}.get(name, f"/{name}")
            for one in found:
                yield FieldError(pointer, one.code or "invalid", " ".join(one.messages))
    try:
        msgspec.convert(agent.card, Card)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$")
        steps = re.findall(r"\.(\w+)|\[(\d+)\]", place)
        yield FieldError(pointer_of(["card", *(name or index for name, index in steps)]), "invalid_card", f"{told}.")
