"""Which prompt serves a context: three tiers, a language that may fall back, and the project's policy."""

import hashlib
import random
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from assay.core.bundle import LATEST, Bundle, Pools, Prompt
from assay.core.errors import AssayError

Tier = Literal["exact", "vertical", "generic", "name"]
GENERIC = "generic"
PRODUCTION = "production"
NEAREST = 5


class Context(msgspec.Struct, frozen=True):
    """Where a prompt is asked for: by `name`, or by category and whatever else narrows it."""

    category: str | None = None
    vertical: str | None = None
    platform: str | None = None
    agent_code: str | None = None
    language: str | None = None
    name: str | None = None
    label: str = PRODUCTION


class Selection(msgspec.Struct, frozen=True):
    """The prompt that serves, the tier it was found in, and whether its language is another than was asked for."""

    prompt: Prompt
    tier: Tier
    language_fallback: bool


def select(bundle: Bundle, context: Context, draw: float) -> Selection:
    """The prompt that serves a context. `draw`, in [0, 1), decides under the `thompson` policy and is else unused.

    Raises `no_prompt`, with the contexts that come nearest, or `unknown_label`. Cost under `score`: a few dictionary
    look-ups; under `thompson` about 5 µs for each candidate.
    """
    default = bundle.content.project.default_language
    language = context.language or default
    found = _in_language(bundle, context, language, draw)
    if found is None and language != default:
        found = _in_language(bundle, context, default, draw)
    if found is None and context.name is not None and context.language is None:
        found = _in_its_only_language(bundle, context, draw)
    if found is None:
        raise _nothing_found(bundle, context)
    prompt, tier = found
    return Selection(prompt, tier, context.language is not None and prompt.language != context.language)


def _in_language(bundle: Bundle, context: Context, language: str, draw: float) -> tuple[Prompt, Tier] | None:
    for tier, pools in _tiers(bundle, context, language):
        prompt = _pick(bundle, pools, context, language, draw)
        if prompt is not None:
            return prompt, tier
    return None


def _tiers(bundle: Bundle, context: Context, language: str) -> Iterator[tuple[Tier, list[list[Prompt]]]]:
    """The candidates of each tier, as one or two lists of the index, nearest tier first."""
    index = bundle.index
    category, vertical, agent = context.category, context.vertical, context.agent_code
    if context.name is not None:
        named = index.names.get((context.label, context.name))
        if named and language in named:
            yield "name", [named[language]]
        return
    if category is None:
        return
    if vertical is not None:
        if context.platform and agent:
            exact = index.exact.get((context.label, language, category, vertical, context.platform, agent))
            if exact:
                yield "exact", [exact]
        pools = index.pools.get((context.label, language, category, vertical))
        if pools:
            yield "vertical", _serving(pools, agent)
    pools = index.pools.get((context.label, language, category, GENERIC))
    if pools:
        yield "generic", _serving(pools, agent)


def _serving(pools: Pools, agent: str | None) -> list[list[Prompt]]:
    """The lists of those that serve any agent, and of those that serve this one."""
    lists = [pools[""]] if "" in pools else []
    if agent and agent in pools:
        lists.append(pools[agent])
    return lists


def _pick(bundle: Bundle, lists: list[list[Prompt]], context: Context, language: str, draw: float) -> Prompt | None:
    if not lists:
        return None
    if bundle.content.project.policy == "score":
        winners = [bundle.best(candidates) for candidates in lists]
        return winners[0] if len(winners) == 1 else min(winners, key=lambda it: (-bundle.score(it)[0], it.id))
    candidates = lists[0] if len(lists) == 1 else sorted(lists[0] + lists[1], key=lambda prompt: prompt.id)
    return candidates[0] if len(candidates) == 1 else _thompson(bundle, candidates, context, language, draw)


def _thompson(bundle: Bundle, candidates: list[Prompt], context: Context, language: str, draw: float) -> Prompt:
    """The candidate whose draw from its Beta posterior is highest. A pure function of bundle, context and draw."""
    place = (context.category, context.vertical, context.platform, context.agent_code, language, context.name)
    seed = hashlib.sha256(msgspec.json.encode((draw, place))).digest()
    source = random.Random(int.from_bytes(seed, "big"))  # noqa: S311 - repeatable on purpose
    alpha, beta = bundle.scores.prior
    chosen, highest = candidates[0], -1.0
    for prompt in candidates:
        _, engagements, impressions = bundle.score(prompt)
        rate = source.betavariate(alpha + engagements, beta + impressions - engagements)
        if rate > highest:
            chosen, highest = prompt, rate
    return chosen


def _in_its_only_language(bundle: Bundle, context: Context, draw: float) -> tuple[Prompt, Tier] | None:
    """A name asked for without a language, that only one language carries, leaves nothing to choose."""
    named = bundle.index.names.get((context.label, context.name or ""), {})
    return _in_language(bundle, context, next(iter(named)), draw) if len(named) == 1 else None


def _nothing_found(bundle: Bundle, context: Context) -> AssayError:
    labels = bundle.index.labels
    if context.label not in labels and context.label not in (PRODUCTION, LATEST):
        return AssayError("unknown_label", "No prompt of this project carries that label.", status=404)
    nearest = sorted(bundle.content.prompts, key=lambda it: _distance(it, context))[:NEAREST]
    contexts = [_context_of(prompt) for prompt in nearest]
    return AssayError("no_prompt", "No prompt serves this context.", status=404, extra={"nearest": contexts})


def _distance(prompt: Prompt, context: Context) -> int:
    return -(8 * (prompt.category == context.category) + 4 * (prompt.vertical == context.vertical))


def _context_of(prompt: Prompt) -> dict[str, Any]:
    fields = ("category", "vertical", "platform", "agent_code", "language")
    return {field: getattr(prompt, field) for field in fields}
