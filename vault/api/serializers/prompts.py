"""How prompts look from outside, and what is taken from there."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.rest import Flag, StrictModelSerializer
from vault.api.serializers.versions import VERSION, VersionFields, VersionRead
from vault.models import Prompt, Version
from vault.models.labels import PRODUCTION

CONTEXT = (
    "name",
    "category",
    "vertical",
    "platform",
    "agent_code",
    "language",
    "technique",
    "source",
    "tags",
    "example_input",
    "example_output",
)


class ContextFields(StrictModelSerializer):
    """Where a prompt is placed, and what belongs to it as a whole."""

    class Meta:
        model = Prompt
        fields: tuple[str, ...] = CONTEXT
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "platform": {"allow_blank": False},
            "agent_code": {"allow_blank": False},
            "tags": {"max_length": 50},
            "example_input": {"trim_whitespace": False},
            "example_output": {"trim_whitespace": False},
        }


class NewPrompt(ContextFields, VersionFields):
    """A prompt to be made, with its first version."""

    publish = Flag(default=True, help_text="Whether `production` points at the first version.")

    class Meta(ContextFields.Meta):
        fields: tuple[str, ...] = (*CONTEXT, *VERSION, "is_baseline", "publish")


class ChangedPrompt(NewPrompt):
    """What is to change: any of a prompt's fields, and any of a version's, which then make a new one."""

    is_active = Flag(required=False)
    publish = Flag(default=False, help_text="Whether `production` moves to the new version.")

    class Meta(NewPrompt.Meta):
        fields = (*NewPrompt.Meta.fields, "is_active")


class PromptRow(serializers.ModelSerializer[Prompt]):
    """A prompt as it stands in lists. `labels`: version numbers by label name; `latest`: the newest number."""

    labels = serializers.SerializerMethodField()
    latest = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Prompt
        fields: tuple[str, ...] = (
            "id",
            *CONTEXT[:9],
            "is_active",
            "performance_score",
            "times_used",
            "engagement_avg",
            "reports",
            "labels",
            "latest",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_labels(self, prompt: Prompt) -> dict[str, str]:
        return {label.name: label.version.number for label in prompt.labels.all()}


class PromptRead(PromptRow):
    """A prompt with the version in production, null when none is."""

    production = serializers.SerializerMethodField()

    class Meta(PromptRow.Meta):
        fields = (*PromptRow.Meta.fields, "example_input", "example_output", "production")
        read_only_fields = fields

    @extend_schema_field(VersionRead(allow_null=True))
    def get_production(self, prompt: Prompt) -> Any:
        version = (
            Version.objects.filter(labels__prompt=prompt, labels__name=PRODUCTION)
            .select_related("author")
            .prefetch_related("labels")
            .first()
        )
        return VersionRead(version).data if version else None


class Counted(serializers.Serializer[Any]):
    """How many active prompts share a value, and how they do."""

    value = serializers.CharField(read_only=True)
    prompts = serializers.IntegerField(read_only=True)
    performance_score_avg = serializers.FloatField(read_only=True)
    times_used = serializers.IntegerField(read_only=True)


class Summary(serializers.Serializer[Any]):
    """The vault in figures. Means are null where there is nothing to take them of."""

    prompts = serializers.IntegerField(read_only=True)
    active = serializers.IntegerField(read_only=True)
    performance_score_avg = serializers.FloatField(read_only=True, allow_null=True)
    engagement_avg = serializers.FloatField(read_only=True, allow_null=True)
    times_used = serializers.IntegerField(read_only=True)
    reports = serializers.IntegerField(read_only=True)
    verticals = Counted(many=True, read_only=True)
    categories = Counted(many=True, read_only=True)
    techniques = Counted(many=True, read_only=True)


class Top(serializers.Serializer[Any]):
    """The best active prompts of a vertical, best first."""

    vertical = serializers.CharField(read_only=True)
    results = PromptRow(many=True, read_only=True)
