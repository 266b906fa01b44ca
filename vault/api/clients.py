"""Clients and their brand voice over HTTP."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE
from config.rest import check_parameters
from vault.api.base import ClientView, VaultView
from vault.api.filters import ClientFilters
from vault.api.serializers.clients import ClientFields, ClientRead
from vault.merge_patch import merge_patch
from vault.models import Client
from vault.models.clients import ClientQuerySet
from vault.save_client import save_client

BRAND = {
    "business_name": "Casa Verde",
    "vertical": "real_estate",
    "voice": {"primary_tone": "warm", "personality_traits": ["plain", "patient"], "emojis_allowed": False},
    "do": ["Name the neighbourhood"],
    "dont": ["Promise a return"],
}


class Clients(VaultView):
    queryset = Client.objects.none()  # for the schema; what is listed is the project's
    filterset_class = ClientFilters

    def rows(self) -> ClientQuerySet:
        return Client.objects.in_project(self.access.project_id).order_by("name", "id")

    @extend_schema(operation_id="clients_list", responses=ClientRead(many=True), tags=["clients"])
    def get(self, request: Request) -> Response:
        """List clients by name: active ones, unless asked for others."""
        return self.page(self.filter_queryset(self.rows()), ClientRead)

    @extend_schema(
        operation_id="clients_create",
        request=ClientFields,
        responses={201: ClientRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A client", {"name": "Casa Verde", "brand_file": BRAND}, request_only=True)],
        tags=["clients"],
    )
    def post(self, request: Request) -> Response:
        """Make a client, with their brand file or without."""
        fields = self.read_body(ClientFields)

        def work() -> tuple[int, Any]:
            client = Client(project_id=self.access.project_id, **with_brand(fields))
            return 201, ClientRead(save_client(access=self.access, client=client)).data

        return self.answer_once(work)


def with_brand(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, a brand file of null as the empty one."""
    return fields | {"brand_file": fields["brand_file"] or {}} if "brand_file" in fields else fields


class OneClient(ClientView):
    @extend_schema(operation_id="clients_retrieve", responses=ClientRead, tags=["clients"])
    def get(self, request: Request, client_id: Any) -> Response:
        """A client with their brand file."""
        check_parameters(request, set())
        return Response(ClientRead(self.client).data)

    @extend_schema(
        operation_id="clients_update",
        request=ClientFields,
        responses=ClientRead,
        parameters=[ONCE],
        examples=[OpenApiExample("Another name", {"name": "Casa Verde Homes"}, request_only=True)],
        tags=["clients"],
    )
    def patch(self, request: Request, client_id: Any) -> Response:
        """Change a client. A brand file that is given replaces the whole one."""
        client = self.client
        fields = self.read_body(ClientFields, partial=True)

        def work() -> tuple[int, Any]:
            for name, value in with_brand(fields).items():
                setattr(client, name, value)
            return 200, ClientRead(save_client(access=self.access, client=client)).data

        return self.answer_once(work)

    @extend_schema(operation_id="clients_destroy", responses={204: None}, tags=["clients"])
    def delete(self, request: Request, client_id: Any) -> Response:
        """Take a client out of service. They stay in the vault and can be made active again."""
        client = self.client
        client.is_active = False
        client.save(update_fields=["is_active", "updated_at"])
        return Response(status=204)


class BrandVoice(ClientView):
    @extend_schema(
        operation_id="clients_brand_voice",
        request={"application/json": {"type": "object", "additionalProperties": True}},
        responses=ClientRead,
        parameters=[ONCE],
        examples=[OpenApiExample("A warmer tone", {"voice": {"primary_tone": "warm"}}, request_only=True)],
        tags=["clients"],
    )
    def patch(self, request: Request, client_id: Any) -> Response:
        """Change a client's brand file by a JSON Merge Patch (RFC 7396): null takes a member away."""
        client = self.client
        changes = self.request.data

        def work() -> tuple[int, Any]:
            client.brand_file = merge_patch(client.brand_file, changes)
            return 200, ClientRead(save_client(access=self.access, client=client, brand_pointer="")).data

        return self.answer_once(work)
