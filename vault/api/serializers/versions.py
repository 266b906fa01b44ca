"""How versions look from outside, and what is taken from there."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.rest import Flag, StrictSerializer, Text
from vault.models import Label, Version
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
VERSION = ("kind", "content", "variables", "model_settings", "note", "variant_id", "strategy", "generation_method")


@extend_schema_field(CONTENT_SCHEMA)
class ContentField(serializers.JSONField):
    """Any JSON value: what it has to be, `vault.check_version` says."""


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


class VersionRead(serializers.ModelSerializer[Version]):
    """One immutable version. `parent` is an id, `author` a user's name, `labels` the names that point at it."""

    content = ContentField(read_only=True)
    author = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    labels = serializers.SlugRelatedField[Label](slug_field="name", many=True, read_only=True)

    class Meta:
        model = Version
        fields = ("id", "number", *VERSION, "is_baseline", "parent", "author", "labels", "created_at")
        read_only_fields = fields


class VersionName(serializers.ModelSerializer[Version]):
    """A version by its names."""

    class Meta:
        model = Version
        fields = ("id", "number")
        read_only_fields = fields
