"""The page about the API names every address that the vault has."""

import re
from pathlib import Path

from django.urls import get_resolver

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text()


def test_it_names_every_address_of_the_vault() -> None:
    routes = [
        re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern))
        for each in get_resolver().url_patterns
        if str(each.pattern) == "api/v1/"
        for route in each.url_patterns
    ]
    ours = [route for route in routes if route.startswith(("prompt-vault/", "clients/"))]
    assert len(ours) >= 15
    assert [route for route in ours if f" {route}" not in PAGE] == []
