"""How metrics and experiments look from outside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.models import Arm, Experiment, ExperimentEvent, Guardrail, Metric
from experiments.models.metrics import Kind

# What a unit's many outcomes become, by kind.
PER_UNIT = {Kind.CONVERSION: "any", Kind.MEAN: "mean", Kind.RATIO: "ratio"}


class MetricRead(serializers.ModelSerializer[Metric]):
    """A metric. `per_unit`: what a unit's outcomes become. `built_in`: every project has it."""

    window_minutes = serializers.SerializerMethodField()
    per_unit = serializers.SerializerMethodField()
    built_in = serializers.BooleanField(source="is_built_in", read_only=True)

    class Meta:
        model = Metric
        fields = (
            "id",
            "slug",
            "name",
            "kind",
            "direction",
            "measure",
            "window_minutes",
            "per_unit",
            "cap_at",
            "cap_percentile",
            "built_in",
            "created_at",
        )
        read_only_fields = fields

    def get_window_minutes(self, metric: Metric) -> float:
        return metric.window.total_seconds() / 60

    def get_per_unit(self, metric: Metric) -> str:
        return PER_UNIT[Kind(metric.kind)]


class MetricName(serializers.ModelSerializer[Metric]):
    """A metric by its names."""

    class Meta:
        model = Metric
        fields = ("id", "slug", "name", "kind", "direction", "measure")
        read_only_fields = fields


class ArmVersion(serializers.Serializer[Any]):
    """The version of an arm by its names."""

    id = serializers.UUIDField(read_only=True)
    number = serializers.CharField(read_only=True)


class ArmRead(serializers.ModelSerializer[Arm]):
    """An arm; number 0 is the control. `withdrawn_at`: since when its units get production."""

    version = ArmVersion(read_only=True)

    class Meta:
        model = Arm
        fields = ("number", "version", "share", "withdrawn_at")
        read_only_fields = fields


class GuardrailRead(serializers.ModelSerializer[Guardrail]):
    """A metric that must not get worse by more than the margin."""

    metric = MetricName(read_only=True)

    class Meta:
        model = Guardrail
        fields = ("metric", "margin")
        read_only_fields = fields


class PromptName(serializers.Serializer[Any]):
    """A prompt by its names."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)


class StepRead(serializers.Serializer[Any]):
    """A step of the ramp."""

    coverage = serializers.IntegerField(read_only=True)
    minutes = serializers.IntegerField(read_only=True)
    units = serializers.IntegerField(read_only=True)


class ReasonRead(serializers.Serializer[Any]):
    """Why: a stable code for programs, and a sentence for people."""

    code = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)


class ProposalRead(serializers.Serializer[Any]):
    """What the last verdict asks for while nobody has done it. `arm` is null where it is about none."""

    action = serializers.ChoiceField(choices=["ship", "roll_back", "conclude", "withdraw"], read_only=True)
    arm = serializers.IntegerField(read_only=True, allow_null=True)
    reasons = ReasonRead(many=True, read_only=True)
    since = serializers.DateTimeField(read_only=True)


class ProductionRead(serializers.Serializer[Any]):
    """The ids of the versions in production before and after the end; null where there was none."""

    before = serializers.UUIDField(read_only=True, allow_null=True)
    after = serializers.UUIDField(read_only=True, allow_null=True)


class EndRead(serializers.Serializer[Any]):
    """What was done at the end, with which arm."""

    action = serializers.ChoiceField(choices=["ship", "roll_back", "conclude"], read_only=True)
    arm = serializers.IntegerField(read_only=True, allow_null=True)
    production = ProductionRead(read_only=True)


class ExperimentRead(serializers.ModelSerializer[Experiment]):
    """An experiment. `planned_units`: all arms together, fixed at the start. `coverage`, shares and `holdback` are in
    ten-thousandths. `proposal`: what the last verdict asks for. `alarm`: why somebody must look, else empty. `verdict`
    and `end`: what it said and what was done when it was concluded; empty and null before."""

    prompt = PromptName(read_only=True)
    arms = ArmRead(many=True, read_only=True)
    primary_metric = MetricName(read_only=True)
    guardrails = GuardrailRead(many=True, read_only=True)
    secondary_metrics = MetricName(many=True, read_only=True)
    ramp = StepRead(many=True, read_only=True)
    started_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    approved_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    proposal = ProposalRead(read_only=True, allow_null=True)
    end = serializers.SerializerMethodField()

    class Meta:
        model = Experiment
        fields = (
            "id",
            "name",
            "hypothesis",
            "status",
            "purpose",
            "holdback_of",
            "prompt",
            "arms",
            "primary_metric",
            "guardrails",
            "secondary_metrics",
            "mode",
            "significance",
            "smallest_effect",
            "planned_units",
            "min_sample_size",
            "max_duration_days",
            "ramp",
            "ramp_step",
            "ramp_step_at",
            "coverage",
            "holdback",
            "verdict",
            "proposal",
            "alarm",
            "end",
            "started_by",
            "approved_by",
            "created_at",
            "started_at",
            "exposure_ended_at",
            "concluded_at",
            "watched_at",
        )
        read_only_fields = fields

    @extend_schema_field(EndRead(allow_null=True))
    def get_end(self, experiment: Any) -> dict[str, Any] | None:
        if experiment.ended_action is None:
            return None
        return {
            "action": experiment.ended_action,
            "arm": experiment.ended_arm,
            "production": experiment.ended_production,
        }


class EventRead(serializers.ModelSerializer[ExperimentEvent]):
    """What was done, by whom and why. `actor` is a user's name, `key` the id of the API key that acted for them; both
    null for the worker. `facts` belong to the action."""

    actor = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    facts = serializers.DictField(read_only=True)

    class Meta:
        model = ExperimentEvent
        fields = ("id", "created_at", "action", "actor", "key", "reason", "facts")
        read_only_fields = fields
