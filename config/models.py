"""What models of two apps share."""

from django.db import models

from config.ids import uuid7


class Identified(models.Model):
    """A row with a UUIDv7 of its own and the time it was made."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)

    class Meta:
        abstract = True
