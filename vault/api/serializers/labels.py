"""How labels and their moves look from outside, and what is taken from there."""

from typing import Any

from rest_framework import serializers

from config.rest import StrictSerializer, Text
from vault.api.serializers.versions import VersionName
from vault.models import Label, LabelMove


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
