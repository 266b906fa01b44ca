"""API keys: a program's way in, acting for the person who made it."""

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from config.models import Identified
from sentinel.models.projects import Project
from sentinel.roles import PERMISSIONS

PREFIX_LENGTH = 12


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> "ApiKeyQuerySet":
        """Keys that open something now; whether their maker still may is another question."""
        return self.filter(revoked_at=None).exclude(expires_at__lte=timezone.now())


class ApiKey(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    permissions = ArrayField(models.CharField(max_length=30, choices=[(p, p) for p in PERMISSIONS]))
    reads_clients = models.BooleanField(
        "reads clients", default=True, help_text="Whether its bundle holds the brand files of clients."
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def draw() -> str:
        """A new key: a prefix to recognise it and 256 random bits."""
        return f"assay_{secrets.token_hex(3)}_{secrets.token_urlsafe(32)}"

    @staticmethod
    def digest_of(key: str) -> str:
        """What is stored of a key. 256 random bits need no salt and no slow hash."""
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    def status(self, now: datetime | None = None) -> str:
        """`active`, `revoked` or `expired`."""
        if self.revoked_at:
            return "revoked"
        if self.expires_at and self.expires_at <= (now or timezone.now()):
            return "expired"
        return "active"
