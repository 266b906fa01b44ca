"""Who am I here: what a key or a session may do, and in which project."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from msgspec import Struct, to_builtins
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ref
from sentinel.authentication import IsSomebody
from sentinel.models import ApiKey, Membership, Project
from sentinel.project_view import ProjectView
from sentinel.roles import PERMISSIONS


class NamedProject(Struct):
    """A project by its names."""

    id: UUID
    slug: str
    name: str


class NamedKey(Struct):
    """An API key, never what it is made of. `expires_at` is a time in UTC, null for never."""

    id: UUID
    name: str
    prefix: str
    expires_at: datetime | None


class WhoAmI(Struct):
    """Who acts, where, and what they may. `user` is the person, or the one for whom the key acts."""

    project: NamedProject
    user: str | None
    role: str | None
    key: NamedKey | None
    permissions: list[str]
    reads_clients: bool


class AccessView(ProjectView):
    permission_classes: list[type[BasePermission]] = [IsSomebody]

    @extend_schema(operation_id="access_retrieve", responses=OpenApiResponse(ref(WhoAmI)), tags=["access"])
    def get(self, request: Request) -> Response:
        """Who acts with this key or session, in which project, with which permissions."""
        access = self.access
        # Any of these may have gone since the key was recognised.
        project = get_object_or_404(Project, pk=access.project_id)
        user = User.objects.filter(pk=access.user_id).first() if access.user_id is not None else None
        member = Membership.objects.filter(project=project, user=user).first() if user else None
        key = ApiKey.objects.filter(pk=access.key_id).first() if access.key_id else None
        who = WhoAmI(
            project=NamedProject(project.pk, project.slug, project.name),
            user=user.get_username() if user else None,
            role=member.role if member else None,
            key=NamedKey(key.pk, key.name, key.prefix, key.expires_at) if key else None,
            permissions=[permission for permission in PERMISSIONS if access.may(permission)],
            reads_clients=access.reads_clients,
        )
        return Response(to_builtins(who))
