"""The one way in which a database that cannot serve makes itself known."""

from django.db import OperationalError


class DatabaseUnusable(OperationalError):
    """The database cannot serve, for the reason that its one sentence gives; never contains a password."""
