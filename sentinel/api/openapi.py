"""The sentinel's part of the API's schema: how to say who one is, and the addresses that are no REST views."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from config.openapi import answer

BEARER = {"type": "http", "scheme": "bearer", "description": "An API key."}
API_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "The same API key, for clients that cannot send Authorization.",
}
SESSION = {
    "type": "apiKey",
    "in": "cookie",
    "name": "assay_session",
    "description": "Somebody who has logged in to "
    "the admin. Whatever is not a GET needs the CSRF token in X-CSRFToken as well.",
}
# One of these is enough.
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}, {"session": []}]

HEALTH = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}
READINESS = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["ok", "unavailable"]},
        "checks": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["status", "checks"],
}
CHECKS = {"database": "ok", "migrations": "ok", "worker": "ok"}


class KeySchemes(OpenApiAuthenticationExtension):
    target_class = "sentinel.authentication.KeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return SECURITY[:2]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [BEARER, API_KEY]


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "sentinel.authentication.Session"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return SESSION


def add_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: whether the process lives, and whether it is ready."""
    result["paths"]["/healthz"] = {
        "get": {
            "operationId": "healthz_retrieve",
            "description": "Whether this process serves.",
            "tags": ["health"],
            "security": [],
            "responses": {"200": answer("It does.", HEALTH, {"status": "ok"})},
        }
    }
    result["paths"]["/readyz"] = {
        "get": {
            "operationId": "readyz_retrieve",
            "description": "Whether database, migrations and worker are well.",
            "tags": ["health"],
            "security": [],
            "responses": {
                "200": answer("All are well.", READINESS, {"status": "ok", "checks": CHECKS}),
                "503": answer(
                    "One is not.", READINESS, {"status": "unavailable", "checks": CHECKS | {"worker": "no heartbeat"}}
                ),
            },
        }
    }
    return result
