"""How clients look from outside, and what is taken from there."""

from rest_framework import serializers

from config.rest import StrictModelSerializer
from vault.models import Client


class ClientFields(StrictModelSerializer):
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
