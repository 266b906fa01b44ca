"""The tenant, and who belongs to it."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from config.models import Identified
from sentinel.roles import ROLE_PERMISSIONS


class ProjectQuerySet(models.QuerySet["Project"]):
    def open_to(self, user_id: int, *, is_superuser: bool) -> "ProjectQuerySet":
        """The projects that a person may act in: their own, or all for a superuser. One query."""
        return self if is_superuser else self.filter(memberships__user_id=user_id)

    def days(self) -> "dict[Project, int]":
        """How long each keeps what was observed, in days. One query."""
        return {project: project.days for project in self}


class Project(Identified):
    slug = models.CharField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", "Lower-case letters, digits and single hyphens.")],
    )
    name = models.CharField(max_length=100)
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3660)],
        help_text="How long runs and executions are kept, in days. Empty: as long as this installation keeps them.",
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> int:
        """How long runs and executions of this project are kept, in days."""
        return self.retention_days or settings.RETENTION_DAYS


class Role(models.TextChoices):
    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


class Membership(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        ordering = ["project", "user"]
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"

    @property
    def permissions(self) -> frozenset[str]:
        return ROLE_PERMISSIONS[self.role]
