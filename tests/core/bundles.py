"""Bundles to select from, made by hand."""

from typing import Any
from uuid import UUID

from assay.core.bundle import Bundle
from assay.core.shapes import Client, Content, Message, ProjectSettings, Prompt, Scores, Version

PROJECT = "0198c5a0-0000-7000-8000-000000000001"


def identifier(number: int) -> str:
    return str(UUID(int=(0x0198C5A0_0000_7000_8000 << 48) + number))


def make_version(
    number: int = 1,
    content: str | list[Message] = "Hello {{ name }}",
    variables: dict[str, Any] | None = None,
) -> Version:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return Version(
        id=identifier(10_000 + number),
        number="1.0.0",
        kind="text" if isinstance(content, str) else "chat",
        content=content,
        variables=schema if variables is None else variables,
        model_settings={"temperature": 0.3},
    )


def make_prompt(  # noqa: PLR0917 - a factory: each argument is a word of its own
    number: int = 1,
    category: str = "caption",
    vertical: str = "generic",
    platform: str | None = None,
    agent_code: str | None = None,
    language: str = "en",
    name: str | None = None,
    version: Version | None = None,
    labels: tuple[str, ...] = ("production", "latest"),
) -> Prompt:
    version = version or make_version(number)
    return Prompt(
        id=identifier(number),
        name=name or f"prompt {number}",
        category=category,
        vertical=vertical,
        platform=platform,
        agent_code=agent_code,
        language=language,
        technique="AIDA",
        labels=dict.fromkeys(labels, version.id),
        versions=[version],
    )


def make_bundle(
    *prompts: Prompt,
    scores: dict[int, tuple[float, float, float]] | None = None,
    policy: str = "score",
    clients: list[Client] | None = None,
    prior: tuple[float, float] = (1.0, 1.0),
) -> Bundle:
    settings = ProjectSettings(PROJECT, "bakery", "thompson" if policy == "thompson" else "score", "en")
    content = Content(project=settings, revision=7, prompts=list(prompts), clients=clients)
    earned = {identifier(number): score for number, score in (scores or {}).items()}
    return Bundle(content, Scores(revision=3, content_revision=7, prior=prior, scores=earned))
