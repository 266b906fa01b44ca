"""Prints what a resolution costs in the caller's process: `python tests/bench/bench_core.py [prompts] [rounds]`.

1,000 prompts in the bundle, five variables, another context each time; with and without a unit, under both policies.
"""

import gc
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk"))

from assay.core.bundle import Bundle
from assay.core.resolve import Request, resolve
from assay.core.shapes import Content, ProjectSettings, Prompt, Scores, Version

CATEGORIES = ("caption", "ad", "email", "script", "story")
VERTICALS = ("real-estate", "construction", "health", "restaurants", "generic")
PLATFORMS = ("instagram", "facebook", "linkedin", None)
TEMPLATE = """You write for {{ business }} in {{ city }}.

Write a {{ tone }} caption about {{ topic }} for {{ audience }}. Begin with the reader, not with the business;
keep to eighty words, one idea, one call to action, and no hashtags in the text.
{% if brand %}Do: {{ brand.do | join("; ") }}. Do not: {{ brand.dont | join("; ") }}.{% endif %}
"""
NAMES = ("business", "city", "tone", "topic", "audience")
SCHEMA = {
    "type": "object",
    "properties": {name: {"type": "string", "maxLength": 2000} for name in NAMES},
    "required": list(NAMES),
    "additionalProperties": False,
}
VALUES = {
    "business": "Maison Dupont",
    "city": "Lyon",
    "tone": "warm",
    "topic": "a house with a garden near the old town",
    "audience": "young families who rent and would rather own",
}


def identifier(number: int) -> str:
    return str(uuid.UUID(int=number + (7 << 76)))


def prompt(number: int) -> Prompt:
    version = Version(identifier(1_000_000 + number), "1.0.0", "text", TEMPLATE, SCHEMA, {"temperature": 0.4})
    return Prompt(
        id=identifier(number),
        name=f"prompt {number}",
        category=CATEGORIES[number % 5],
        vertical=VERTICALS[number // 5 % 5],
        platform=PLATFORMS[number // 25 % 4],
        agent_code="REX" if number % 3 == 0 else None,
        language="en" if number % 2 else "fr",
        technique="AIDA",
        labels={"production": version.id, "latest": version.id},
        versions=[version],
    )


def bundle(prompts: int, policy: Literal["score", "thompson"]) -> Bundle:
    settings = ProjectSettings(identifier(0), "default", policy, "en")
    content = Content(settings, 1, [prompt(number) for number in range(prompts)])
    scores = {one.id: (index % 100 / 10, float(index % 50), 1000.0) for index, one in enumerate(content.prompts)}
    return Bundle(content, Scores(1, 1, (2.0, 50.0), scores))


def requests(unit: bool) -> list[Request]:
    return [
        Request(
            category=CATEGORIES[number % 5],
            vertical=VERTICALS[number // 5 % 5],
            platform="instagram",
            agent_code="REX" if number % 2 else None,
            language="en" if number % 3 else "fr",
            unit=f"user-{number}" if unit else None,
            variables=VALUES,
        )
        for number in range(500)
    ]


def measure(name: str, work: Callable[[Request], object], asked: list[Request], rounds: int) -> None:
    for request in asked:
        work(request)
    times = []
    for number in range(rounds):
        request = asked[number % len(asked)]
        started = time.perf_counter_ns()
        work(request)
        times.append(time.perf_counter_ns() - started)
    times.sort()
    shares = (0.5, 0.95, 0.99, 0.999)
    figures = "  ".join(f"p{100 * share:g} {times[int(share * rounds)] / 1000:6.1f} µs" for share in shares)
    sys.stdout.write(f"{name:42} {figures}\n")


def main(prompts: int = 1000, rounds: int = 50_000) -> None:
    gc.freeze()
    policies: tuple[Literal["score", "thompson"], ...] = ("score", "thompson")
    for policy in policies:
        served = bundle(prompts, policy)
        for one in served.content.prompts:  # the first use of a version compiles it, once: about half a millisecond
            resolve(served, Request(prompt=one.name, language=one.language, variables=VALUES))
        for unit in (False, True):
            name = f"resolve, {prompts} prompts, {policy}{', unit' if unit else ''}"
            measure(name, partial(resolve, served), requests(unit), rounds)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
