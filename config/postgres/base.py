"""Connect to the PostgreSQL that DATABASE_URL names, else to the embedded one, which is started if need be."""

import os
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql import base

from config.embedded_postgres.cluster import DATABASE
from config.embedded_postgres.ensure import ensure
from config.postgres.client import DatabaseClient
from config.postgres.examine import examine
from config.postgres.url import read_url
from config.unusable import DatabaseUnusable

# What was open when this process was forked: not ours to use, and closing it would disturb our parent.
_parents: list[Any] = []
_examined: set[str] = set()


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        # None means any database, for who creates one.
        if settings_dict["NAME"] == "":
            if settings.DATABASE_URL:
                named = read_url(settings.DATABASE_URL)
                settings_dict |= {key: named.pop(key, "") for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
                settings_dict["OPTIONS"] = {**named, **settings_dict["OPTIONS"]}
            else:
                settings_dict["NAME"] = DATABASE
        if isinstance(pool := settings_dict["OPTIONS"].get("pool"), dict):
            settings_dict["OPTIONS"]["pool"] = {"connection_class": PooledConnection, **pool}
        super().__init__(settings_dict, alias)

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if not settings.DATABASE_URL:
            return params | _embedded()
        if settings.DATABASE_URL not in _examined:
            examine(settings.DATABASE_URL)
            _examined.add(settings.DATABASE_URL)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            if settings.DATABASE_URL or self.pool:
                raise
        return super().get_new_connection(conn_params | _embedded(again=True))


class PooledConnection(psycopg.Connection[Any]):
    """A connection of the pool. When the embedded server was killed, the first to miss it starts it again."""

    @classmethod
    def connect(cls, conninfo: str = "", **params: Any) -> Self:
        try:
            return super().connect(conninfo, **params)
        except psycopg.OperationalError:
            if settings.DATABASE_URL:
                raise
        return super().connect(conninfo, **(params | _embedded(again=True)))


def _embedded(*, again: bool = False) -> dict[str, str]:
    found = ensure(settings.ASSAY_HOME, durable=settings.DATABASE_DURABLE, again=again)
    # Which database is Django's to say: in tests it is another one.
    return {name: value for name, value in found.items() if name != "dbname"}


def _forget_connections() -> None:
    """Let go of connections and pools in a forked child, without a word to the server that both talk to."""
    pools: dict[str, Any] = vars(base.DatabaseWrapper)["_connection_pools"]
    _parents.extend(pools.values())
    pools.clear()
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is not None:
            _parents.append(wrapper.connection)
            wrapper.connection = None


os.register_at_fork(after_in_child=_forget_connections)
__all__ = ["DatabaseUnusable", "DatabaseWrapper"]
