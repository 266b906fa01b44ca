"""This file lets you time a resolution in the caller's own process: 1,000 prompts in the bundle, five variables."""

import gc
from collections.abc import Callable, Iterator
from time import perf_counter_ns, thread_time_ns
from typing import Any, Literal
from uuid import UUID

from assay.core.bundle import Bundle
from assay.core.render import compile_template
from assay.core.resolve import Request, resolve
from assay.core.shapes import Content, ProjectSettings, Prompt, Scores, Version
from assay.core.variables import derive

from bench.row import Row, within

PROMPTS, CONTEXTS = 1_000, 250
ROUNDS = 40_000
VALUES = {
    "business": "Maison Dupont",
    "city": "Lyon",
    "tone": "warm",
    "topic": "a garden",
    "audience": "young families",
}
TEMPLATE = (
    "You write for {{ business }} in {{ city }}.\n\nWrite a {{ tone }} caption about {{ topic }} for {{ audience }}."
    " Begin with the reader, not with the business; keep to eighty words, one idea, one call to action, and no hashtags"
    " in the text.\n{% if brand %}Do: {{ brand.do | join('; ') }}.{% endif %}"
)
FORMAT = TEMPLATE.split("{% if", maxsplit=1)[0].replace("{{ ", "{").replace(" }}", "}")
P50, P99 = 30.0, 100.0


def rows() -> Iterator[Row]:
    """The core under both policies, with another context each time, beside the least that any choice could cost."""
    texts = {f"ad-{number}": FORMAT for number in range(CONTEXTS)}
    yield _row("dict look-up and str.format", lambda turn: texts[f"ad-{turn % CONTEXTS}"].format(**VALUES), asked=False)
    for policy in ("score", "thompson"):
        bundle = make_bundle("thompson" if policy == "thompson" else "score")
        requests = [Request(category=f"ad-{number}", vertical="food", variables=VALUES) for number in range(CONTEXTS)]
        yield _row(f"SDK resolve, {policy}", _asking(bundle, requests))
        with_units = [
            Request(category=f"ad-{number % CONTEXTS}", vertical="food", unit=f"visitor {number}", variables=VALUES)
            for number in range(4 * CONTEXTS)
        ]
        yield _row(f"SDK resolve, {policy}, with a unit", _asking(bundle, with_units))


def of_client(client: Any, prompts: int) -> Row:
    """The same through a client of the SDK, with all its bookkeeping. Its project holds `prompts` numbered ones."""
    return _row(
        "SDK resolve through the client, score",
        lambda turn: client.resolve(category=f"ad-{turn % (prompts // 4)}", vertical="food", variables=VALUES),
    )


def _asking(bundle: Bundle, requests: list[Request]) -> Callable[[int], object]:
    return lambda turn: resolve(bundle, requests[turn % len(requests)])


def make_bundle(policy: Literal["score", "thompson"]) -> Bundle:
    """Four prompts to a context, each with something earned."""
    schema = derive([compile_template(TEMPLATE)])
    prompts = [
        Prompt(
            id=_id(number),
            name=f"prompt {number}",
            category=f"ad-{number % CONTEXTS}",
            vertical="food",
            platform=None,
            agent_code=None,
            language="en",
            technique="AIDA",
            labels={"production": _id(PROMPTS + number)},
            versions=[Version(_id(PROMPTS + number), "1.0.0", "text", TEMPLATE, schema)],
        )
        for number in range(PROMPTS)
    ]
    earned = {_id(number): (3.0 + number % 5, float(number % 40), 1000.0) for number in range(PROMPTS)}
    project = ProjectSettings(_id(9_999_999), "bench", policy=policy)
    return Bundle(Content(project, 1, prompts), Scores(1, 1, prior=(1.0, 50.0), scores=earned))


def _id(number: int) -> str:
    return str(UUID(int=number + (7 << 76)))


def _row(what: str, work: Callable[[int], object], *, asked: bool = True) -> Row:
    """By the clock on the wall, and in brackets by the thread's own processor time, which knows no neighbours."""
    for turn in range(2 * CONTEXTS):
        work(turn)
    p50, p99 = _percentiles(work, perf_counter_ns)
    own_p50, own_p99 = _percentiles(work, thread_time_ns)
    measured = f"{p50:.0f} / {p99:.0f} µs ({own_p50:.0f} / {own_p99:.0f})"
    if not asked:
        return Row(f"{what}, p50 / p99", "", measured)
    ratio = max(p50 / P50, p99 / P99)
    return Row(f"{what}, p50 / p99", f"≤ {P50:.0f} / {P99:.0f} µs", measured, within(1, ratio))


def _percentiles(work: Callable[[int], object], clock: Callable[[], int]) -> tuple[float, float]:
    times = [0] * ROUNDS
    gc.collect()
    for turn in range(ROUNDS):
        before = clock()
        work(turn)
        times[turn] = clock() - before
    times.sort()
    return times[ROUNDS // 2] / 1000, times[ROUNDS * 99 // 100] / 1000
