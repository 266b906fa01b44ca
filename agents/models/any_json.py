"""A column for any JSON value."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class AnyJSON(models.JSONField):
    """A JSON value, null included: Django by itself would take None for SQL's NULL. To migrations it is a JSONField."""

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return self.get_db_prep_value(value, connection)

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options
