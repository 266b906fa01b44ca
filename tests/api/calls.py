"""Call the API as somebody, and make what tests talk about."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.test import Client

from tests.conftest import Person
from vault.create_prompt import create_prompt
from vault.models import Prompt

VAULT = "/api/v1/prompt-vault/"
CLIENTS = "/api/v1/clients/"
CAPTION = {
    "name": "Listing caption",
    "category": "caption",
    "vertical": "real_estate",
    "content": "Write about {{ address }}.\nBe brief.",
}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str:
        """The code of the problem that this must be."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body[:500]
        assert self.json["status"] == self.status
        return self.json["code"]

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.json.get("errors", [])]


def call(who: Person | Client, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Send `body` as JSON, or as it is when it is bytes. Header names are given with `_` for `-`."""
    client = who if isinstance(who, Client) else who.http()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = sent.pop("Content-Type", "application/json")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    # An exception must become a problem here as it does for a real caller.
    client.raise_request_exception = False
    response = client.generic(method, path, raw, content_type, headers=sent)
    return Answer(response.status_code, response.getvalue(), dict(response.headers))


def make_prompt(person: Person, content: Any = "Hello {{ name }}", **context: Any) -> Prompt:
    kind = "text" if isinstance(content, str) else "chat"
    publish = context.pop("publish", True)
    context = {"name": "greeting", "category": "email", "vertical": "food"} | context
    return create_prompt(access=person.access, context=context, content=content, kind=kind, publish=publish)


def at(prompt: Prompt, rest: str = "") -> str:
    return f"{VAULT}{prompt.pk}/{rest}"
