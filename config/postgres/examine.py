"""Look at the server that DATABASE_URL names, whether it can serve."""

from typing import LiteralString

import psycopg

from config.postgres.url import read_url
from config.unusable import DatabaseUnusable

OLDEST = 16
PGVECTOR: LiteralString = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector'),
           EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector'),
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
           OR EXISTS (SELECT FROM pg_available_extension_versions
                      WHERE name = 'vector' AND trusted AND has_database_privilege(current_database(), 'CREATE'))
"""


def examine(url: str) -> None:
    """Raise DatabaseUnusable, in one sentence, unless the server answers, is new enough and has pgvector."""
    parts = read_url(url)
    where = f"PostgreSQL at {parts.get('HOST') or 'the local socket'}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            number = connection.info.server_version
            if number < OLDEST * 10_000:
                raise DatabaseUnusable(f"The {where} is version {number // 10_000}, and Assay needs {OLDEST} or later.")
            found = connection.execute(PGVECTOR).fetchone()
    except psycopg.Error as error:
        password = parts.get("PASSWORD")
        raise DatabaseUnusable(f"The {where} cannot be used: {_sentence(error, password)}.") from None
    installed, available, may_install = found or (False, False, False)
    if not available and not installed:
        raise DatabaseUnusable(f"The {where} lacks pgvector: install the extension `vector` there.")
    if not installed and not may_install:
        raise DatabaseUnusable(
            f"The {where} has pgvector, but its role may not enable it: "
            "let a superuser run `CREATE EXTENSION vector` in that database."
        )


def _sentence(error: psycopg.Error, password: str | None) -> str:
    """The first line of what libpq says, without the password should it ever be in there."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[0] if lines else "it gave no reason"
    if password:
        said = said.replace(password, "***")
    return said.rstrip(".")
