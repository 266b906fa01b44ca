"""Connect to PostgreSQL: to the server that DATABASE_URL names, else to the embedded one, which is started if need be."""

import os
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from config.embedded_postgres.cluster import DATABASE
from config.embedded_postgres.ensure import ensure
from config.postgres.examine import examine
from config.postgres.url import read_url
from config.unusable import DatabaseUnusable

# Pools that were open when this process was forked: not ours to use, and closing them would disturb our parent.
_parents_pools: list[Any] = []
_examined: set[str] = set()


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        # None means any database, for who creates one.
        if settings_dict["NAME"] == "":
            if settings.DATABASE_URL:
                named = read_url(settings.DATABASE_URL)
                settings_dict |= {key: named.pop(key, "") for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
                settings_dict["OPTIONS"] = {**named, **settings_dict["OPTIONS"]}
            else:
                settings_dict["NAME"] = DATABASE
        super().__init__(settings_dict, alias)

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if not settings.DATABASE_URL:
            return params | self._embedded()
        if settings.DATABASE_URL not in _examined:
            examine(settings.DATABASE_URL)
            _examined.add(settings.DATABASE_URL)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except (psycopg.OperationalError, PoolTimeout):
            if settings.DATABASE_URL:
                raise
        # The embedded server is ours to start again, should somebody have killed it.
        if self._embedded() != self._embedded(again=True):
            self.close_pool()
        return super().get_new_connection(conn_params | self._embedded())

    def _embedded(self, *, again: bool = False) -> dict[str, Any]:
        found = ensure(settings.ASSAY_HOME, durable=getattr(settings, "DATABASE_DURABLE", True), again=again)
        del found["dbname"]
        return found


def _forget_connections() -> None:
    """Let go of connections and pools in a forked child, without a word to the server that both talk to."""
    _parents_pools.append(dict(DatabaseWrapper._connection_pools))
    DatabaseWrapper._connection_pools.clear()
    for wrapper in connections.all(initialized_only=True):
        if wrapper.connection is not None:
            _parents_pools.append(wrapper.connection)
            wrapper.connection = None


os.register_at_fork(after_in_child=_forget_connections)
__all__ = ["DatabaseUnusable", "DatabaseWrapper"]
