"""Read DATABASE_URL."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config.unusable import DatabaseUnusable

NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def read_url(url: str) -> dict[str, str]:
    """The parts of a connection URI, under the names of Django's settings; others, as `sslmode`, under their own.

    Raises DatabaseUnusable, whose sentence does not repeat the URL: it may hold a password.
    """
    try:
        if not url.startswith(("postgres://", "postgresql://")):
            raise psycopg.ProgrammingError
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        raise DatabaseUnusable(
            "DATABASE_URL is no PostgreSQL address: it must look like postgresql://user:password@host:5432/database."
        ) from None
    if not parts.get("dbname"):
        raise DatabaseUnusable("DATABASE_URL names no database: its path must, as in postgresql://user@host/database.")
    return {NAMES.get(name, name): value for name, value in parts.items()}
