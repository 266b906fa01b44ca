"""How prompts, versions and clients look from outside, and what is taken from there."""

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.rest import Flag, StrictSerializer, Text
from vault.models import Client, EngagementReport, Label, LabelMove, Prompt, Version
from vault.models.labels import PRODUCTION
from vault.models.versions import GenerationMethod, Kind

CONTENT_SCHEMA = {
    "description": "A string, or for kind `chat` a list of messages.",
    "oneOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "additionalProperties": False,
                "properties": {
                    "role": {"type": "string", "enum": ["system", "user", "assistant"]},
                    "content": {"type": "string", "minLength": 1},
                },
            },
        },
    ],
}
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
VERSION = ("kind", "content", "variables", "model_settings", "note", "variant_id", "strategy", "generation_method")


@extend_schema_field(CONTENT_SCHEMA)
class ContentField(serializers.JSONField):
    """Any JSON value: what it has to be, `vault.check_version` says."""


class Strict(serializers.ModelSerializer[Any], StrictSerializer):
    """A model's fields as they are sent: strings as strings, nothing unknown."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.TextField: Text,
        models.BooleanField: Flag,
    }

    def get_validators(self) -> list[Any]:
        # What spans rows is the verb's to say, in its transaction.
        return []


class ContextFields(Strict):
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


class VersionFields(StrictSerializer):
    """What a version says, and how it came to be."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False, help_text="`text` when not given.")
    content = ContentField()
    variables = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="JSON Schema of the variables; worked out from the text if not given.",
    )
    model_settings = serializers.DictField(
        required=False, allow_null=True, help_text="model, temperature, max_tokens, response_schema, tools."
    )
    note = Text(required=False, allow_blank=True, max_length=10_000)
    variant_id = Text(required=False, allow_blank=True, max_length=100)
    strategy = Text(required=False, allow_blank=True, max_length=100)
    generation_method = serializers.ChoiceField(choices=GenerationMethod.choices, required=False)
    is_baseline = Flag(required=False)


class NewVersion(VersionFields):
    """A version to be added: what is not given is that of the newest one."""

    content = ContentField(required=False)
    publish = Flag(default=False, help_text="Whether `production` moves to it.")


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


class VersionRead(serializers.ModelSerializer[Version]):
    """One immutable version. `parent` is an id, `author` a user's name, `labels` the names that point at it."""

    content = ContentField(read_only=True)
    author = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    labels = serializers.SlugRelatedField[Label](slug_field="name", many=True, read_only=True)

    class Meta:
        model = Version
        fields = ("id", "number", *VERSION, "is_baseline", "parent", "author", "labels", "created_at")
        read_only_fields = fields


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


class VersionName(serializers.ModelSerializer[Version]):
    """A version by its names."""

    class Meta:
        model = Version
        fields = ("id", "number")
        read_only_fields = fields


class LabelTarget(StrictSerializer):
    """Where a label is to point."""

    version = Text(max_length=50, help_text="A version's number or id, or another label such as `staging`.")


class LabelRead(serializers.ModelSerializer[Label]):
    """A label and where it points."""

    version = VersionName(read_only=True)

    class Meta:
        model = Label
        fields = ("name", "version", "moved_at")
        read_only_fields = fields


class MoveRead(serializers.ModelSerializer[LabelMove]):
    """One move of a label: null is nowhere. `key` is the id of the API key that moved it, if one did."""

    from_version = VersionName(read_only=True, allow_null=True)
    to_version = VersionName(read_only=True, allow_null=True)
    moved_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)

    class Meta:
        model = LabelMove
        fields = ("id", "label", "from_version", "to_version", "moved_by", "key", "reason", "created_at")
        read_only_fields = fields


class LabelsRead(serializers.Serializer[Any]):
    """A prompt's labels, `latest` among them, and its latest hundred moves, newest first."""

    labels = LabelRead(many=True, read_only=True)
    latest = VersionName(read_only=True, allow_null=True)
    moves = MoveRead(many=True, read_only=True)


class MovedRead(serializers.Serializer[Any]):
    """Where a label points now, null when nowhere, and the move that brought it there, null when it was there."""

    name = serializers.CharField(read_only=True)
    version = VersionName(read_only=True, allow_null=True)
    move = MoveRead(read_only=True, allow_null=True)


class ReportRead(serializers.ModelSerializer[EngagementReport]):
    """One report of engagement and what it made of the score."""

    version = serializers.SlugRelatedField[Version](slug_field="number", read_only=True, allow_null=True)

    class Meta:
        model = EngagementReport
        fields = (
            "id",
            "sequence",
            "version",
            "report_id",
            "resolution_id",
            "engagement_rate",
            "engagements",
            "impressions",
            "score_before",
            "score_after",
            "created_at",
        )
        read_only_fields = fields


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


class ClientFields(Strict):
    """A client to be made or changed."""

    brand_file = serializers.DictField(required=False, allow_null=True, help_text="The brand voice; {} for none.")

    class Meta:
        model = Client
        fields: tuple[str, ...] = ("name", "brand_file", "is_active")


class ClientRead(serializers.ModelSerializer[Client]):
    """A client with their brand file, {} when there is none."""

    brand_file = serializers.DictField(read_only=True)

    class Meta:
        model = Client
        fields = ("id", "name", "brand_file", "is_active", "created_at", "updated_at")
        read_only_fields = fields
