"""How agents, handoffs and memory look from outside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import Agent, AgentMemory, Handoff, HandoffEvent, HandoffResult, PayloadType
from agents.models.handoff_states import Priority, Status


class SystemPrompt(serializers.Serializer[Any]):
    """A prompt by its names."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)


class AgentRead(serializers.ModelSerializer[Agent]):
    """An agent of the roster. `built_in`: every project has it."""

    prompt = SystemPrompt(read_only=True, allow_null=True)
    active = serializers.BooleanField(source="is_active", read_only=True)
    card = serializers.DictField(read_only=True)
    built_in = serializers.BooleanField(source="is_built_in", read_only=True)

    class Meta:
        model = Agent
        fields = ("code", "name", "role", "prompt", "active", "card", "built_in", "created_at", "updated_at")
        read_only_fields = fields


class PayloadTypeRead(serializers.ModelSerializer[PayloadType]):
    """A version of a payload type."""

    schema = serializers.DictField(read_only=True)

    class Meta:
        model = PayloadType
        fields = ("name", "version", "description", "schema", "created_at")
        read_only_fields = fields


class LeaseRead(serializers.Serializer[Any]):
    """Who has it, and until when."""

    id = serializers.UUIDField(source="lease_id", read_only=True)
    worker = serializers.CharField(read_only=True)
    until = serializers.DateTimeField(source="lease_until", read_only=True)


class InputRead(serializers.Serializer[Any]):
    """What was asked back, and what was answered; null before."""

    question = serializers.JSONField(read_only=True)
    asked_at = serializers.DateTimeField(read_only=True)
    answer = serializers.JSONField(read_only=True, allow_null=True)
    answered_at = serializers.DateTimeField(read_only=True, allow_null=True)


class ResultRead(serializers.ModelSerializer[HandoffResult]):
    """What came back. `late_reason`: lease_lost, or the state in which it found the handoff; empty when in time."""

    result = serializers.JSONField(read_only=True)

    class Meta:
        model = HandoffResult
        fields = ("result", "attempt", "worker", "late", "late_reason", "created_at")
        read_only_fields = fields


class StateTime(serializers.DateTimeField):
    """When a judged handoff last came into the state that the field is named by."""

    def __init__(self, status: Status) -> None:
        super().__init__(read_only=True, allow_null=True, source="*")
        self.status = status

    def to_representation(self, value: Any) -> Any:
        at = value.came_at(self.status)
        return None if at is None else super().to_representation(at)


class HandoffRead(serializers.ModelSerializer[Handoff]):
    """A handoff as of now. `from_agent` is null where it came from outside. `lease`: who has it, null while nobody has.
    `result`: what came back in time. `…_at`: when it last came into that state, by the clock where nobody has
    written that down yet."""

    from_agent = serializers.SlugRelatedField[Any](slug_field="code", read_only=True, allow_null=True)
    to_agent = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    parent_task_id = serializers.SlugRelatedField[Any](
        source="parent", slug_field="task_id", read_only=True, allow_null=True
    )
    task_type = serializers.CharField(read_only=True)
    payload_version = serializers.IntegerField(source="payload_type.version", read_only=True)
    payload = serializers.DictField(read_only=True)
    priority = serializers.ChoiceField(source="priority_name", choices=Priority.names, read_only=True)
    status = serializers.ChoiceField(source="state", choices=Status.choices, read_only=True)
    attempt = serializers.IntegerField(source="attempt_now", read_only=True)
    reason_code = serializers.CharField(source="reason_code_now", read_only=True)
    reason = serializers.CharField(source="reason_now", read_only=True)
    chain = serializers.ListField(child=serializers.CharField(), read_only=True)
    pending_at = StateTime(Status.PENDING)
    expired_at = StateTime(Status.EXPIRED)
    failed_at = StateTime(Status.FAILED)
    lease = serializers.SerializerMethodField()
    inputs = InputRead(many=True, read_only=True)
    result = ResultRead(read_only=True, allow_null=True)
    late_results = serializers.SerializerMethodField()

    class Meta:
        model = Handoff
        fields = (
            "task_id",
            "context_id",
            "parent_task_id",
            "from_agent",
            "to_agent",
            "task_type",
            "payload_version",
            "payload",
            "priority",
            "status",
            "deadline",
            "lease_seconds",
            "lease",
            "attempt",
            "max_attempts",
            "hop_count",
            "chain",
            "idempotency_key",
            "run_id",
            "trace_id",
            "reason_code",
            "reason",
            "inputs",
            "result",
            "late_results",
            "created_at",
            "pending_at",
            "in_progress_at",
            "input_required_at",
            "completed_at",
            "rejected_at",
            "failed_at",
            "canceled_at",
            "expired_at",
        )
        read_only_fields = fields

    @extend_schema_field(LeaseRead(allow_null=True))
    def get_lease(self, handoff: Handoff) -> Any:
        return LeaseRead(handoff).data if handoff.state == Status.IN_PROGRESS else None

    @extend_schema_field(ResultRead(many=True))
    def get_late_results(self, handoff: Handoff) -> Any:
        return ResultRead([each for each in handoff.results.all() if each.late], many=True).data


class CompletedRead(serializers.Serializer[Any]):
    """What was kept, and the handoff after it."""

    late = serializers.BooleanField(read_only=True)
    late_reason = serializers.CharField(read_only=True)
    handoff = HandoffRead(read_only=True)


class HandoffEventRead(serializers.ModelSerializer[HandoffEvent]):
    """What was done, by whom and why, and where it stood after. `actor` is a user's name, `key` the id of the API key
    that acted for them; both null for the worker. `facts` belong to the action."""

    actor = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    facts = serializers.DictField(read_only=True)

    class Meta:
        model = HandoffEvent
        fields = ("id", "created_at", "action", "status", "attempt", "actor", "key", "reason", "facts")
        read_only_fields = fields


class MemoryRead(serializers.ModelSerializer[AgentMemory]):
    """Something that an agent knows, or knew. `task_id`: the handoff that it comes from."""

    agent = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    value = serializers.JSONField(read_only=True)
    task_id = serializers.SlugRelatedField[Any](source="handoff", slug_field="task_id", read_only=True, allow_null=True)

    class Meta:
        model = AgentMemory
        fields = (
            "id",
            "agent",
            "kind",
            "key",
            "value",
            "scope",
            "valid_from",
            "valid_to",
            "superseded_by",
            "task_id",
            "created_at",
        )
        read_only_fields = fields
