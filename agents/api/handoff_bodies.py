"""What is sent of agents, handoffs and memory."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from rest_framework import serializers

from agents.models.handoff_states import Priority
from agents.models.handoffs import FIRST_ATTEMPTS, FIRST_LEASE, LONGEST_LEASE, MOST_ATTEMPTS
from config.rest import Flag, StrictSerializer, Text, Whole

LONGEST_REASON = 10_000
Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class Moment(serializers.DateTimeField):
    """A time with its zone, as RFC 3339 writes it, from 1970 to 2999."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = msgspec.convert(value, Zoned) if isinstance(value, str) else None
        except msgspec.ValidationError:
            moment = None
        if moment is None or not 1970 <= moment.year < 3000:
            self.fail("invalid", format="RFC 3339 with its zone, from 1970 to 2999")
        return moment


class Code(Text):
    """1 to 100 of ASCII letters, digits and . _ : / @ + -"""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=100, **more)


class AgentFields(StrictSerializer):
    """An agent to be added to the roster."""

    code = Code(help_text="What telemetry calls agent_id and the vault agent_code.")
    name = Text(max_length=100)
    role = Text(max_length=200, required=False, allow_blank=True, help_text="What it answers for.")
    prompt = serializers.UUIDField(required=False, allow_null=True, help_text="Its system prompt, by the prompt's id.")
    active = Flag(required=False)
    card = serializers.DictField(
        required=False, help_text="What other agents are told: description, tags, skills (id, name, description, …)."
    )


class ChangedAgent(AgentFields):
    """What is to change of an agent. Its code stays."""


class PayloadTypeFields(StrictSerializer):
    """A payload type to be registered, or the next version of one."""

    name = Text(max_length=50, help_text="Lower-case letters, digits and _, a letter first.")
    version = Whole(required=False, allow_null=True, min_value=1, max_value=1_000_000, help_text="The next one.")
    description = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    schema = serializers.DictField(help_text="JSON Schema, of the same closed subset as a prompt's variables.")


class HandoffFields(StrictSerializer):
    """Work to be handed over."""

    from_agent = Code(allow_null=True, help_text="Who gives it, by its code; null where it comes from outside.")
    to_agent = Code(help_text="Who is to do it, by its code.")
    task_type = Text(max_length=50, help_text="The name of a payload type.")
    payload_version = Whole(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1, help_text="Of its type; the newest one."
    )
    payload = serializers.DictField(help_text="As its type describes it.")
    priority = serializers.ChoiceField(choices=Priority.names, required=False)
    deadline = Moment(required=False, allow_null=True, help_text="From then on it is expired.")
    lease_seconds = Whole(
        required=False,
        min_value=1,
        max_value=LONGEST_LEASE,
        help_text=f"How long who confirms it has for it, {FIRST_LEASE} when not given.",
    )
    max_attempts = Whole(
        required=False,
        min_value=1,
        max_value=MOST_ATTEMPTS,
        help_text=f"How often a lease may run out before it has failed, {FIRST_ATTEMPTS} when not given.",
    )
    context_id = Code(
        required=False,
        allow_null=True,
        help_text="What belongs together. Who was handed something in it goes on with that chain.",
    )
    parent_task_id = Text(
        required=False, allow_null=True, max_length=13, help_text="The handoff that this one passes on."
    )
    run_id = Code(required=False, allow_null=True, help_text="The run that it came from.")
    trace_id = Text(required=False, allow_null=True, max_length=32, help_text="The trace that it came from: 32 hex.")


class HolderFields(StrictSerializer):
    """Who speaks: by the lease that confirming gave, or by the worker's name. Without either, whoever holds it."""

    lease_id = serializers.UUIDField(required=False, allow_null=True, help_text="The one that confirming gave.")
    worker = Text(required=False, allow_blank=True, max_length=100, help_text="The name that one confirmed with.")


class ConfirmFields(StrictSerializer):
    """Who takes the work."""

    agent = Code(required=False, allow_null=True, help_text="For whom one works: refused where it is for another.")
    worker = Text(required=False, allow_blank=True, max_length=100, help_text="A name of one's own: a host, a process.")
    lease_seconds = Whole(required=False, allow_null=True, min_value=1, max_value=LONGEST_LEASE)


class ExtendFields(HolderFields):
    """For how long more, from now; as the handoff says when not given."""

    lease_seconds = Whole(required=False, allow_null=True, min_value=1, max_value=LONGEST_LEASE)


class CompleteFields(HolderFields):
    """What it came to."""

    result = serializers.JSONField(allow_null=True, help_text="Any JSON value, up to 1 MiB.")


class RejectFields(HolderFields):
    """Why."""

    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    reason_code = Code(required=False, allow_blank=True)


class FailFields(RejectFields):
    """Why, and whether another attempt is worth making."""

    retry = Flag(required=False, help_text="Give it back, while an attempt is left.")


class CancelFields(StrictSerializer):
    """Why."""

    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    reason_code = Code(required=False, allow_blank=True)


class QuestionFields(HolderFields):
    """What must be known before it can go on."""

    question = serializers.JSONField(help_text="A text, or any JSON value but null.")


class AnswerFields(StrictSerializer):
    """What was asked for."""

    answer = serializers.JSONField(allow_null=True, help_text="A text, or any JSON value.")


class ReassignFields(StrictSerializer):
    """To whom, and why."""

    to_agent = Code()
    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class MemoryFields(StrictSerializer):
    """Something to be remembered."""

    kind = Text(max_length=50, help_text="Lower-case letters, digits and _, a letter first.")
    key = Text(max_length=200)
    value = serializers.JSONField(allow_null=True, help_text="Any JSON value, up to 256 KiB.")
    scope = Text(max_length=200, required=False, help_text="`project` when not given.")
    valid_from = Moment(required=False, allow_null=True, help_text="Now, when not given.")
    valid_to = Moment(required=False, allow_null=True, help_text="When it ends by itself.")
