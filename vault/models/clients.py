"""Customers whose brand voice shapes what is written for them."""

from uuid import UUID

from django.db import models

from config.models import Identified
from sentinel.models import Project


class ClientQuerySet(models.QuerySet["Client"]):
    def in_project(self, project_id: UUID) -> "ClientQuerySet":
        return self.filter(project_id=project_id)

    def active(self) -> "ClientQuerySet":
        return self.filter(is_active=True)

    def matching(self, words: str) -> "ClientQuerySet":
        """Those whose name holds each of the words."""
        found = self
        for word in words.split():
            found = found.filter(name__icontains=word)
        return found


class Client(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="clients")
    name = models.CharField(max_length=200)
    brand_file = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_client_name")]

    def __str__(self) -> str:
        return self.name
