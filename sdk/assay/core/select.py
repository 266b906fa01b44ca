"""Which prompt serves a context: three tiers, a language that may fall back, and the project's policy."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal

import msgspec

from assay.core.bundle import Bundle
from assay.core.errors import AssayError, FieldError
from assay.core.index import Pools
from assay.core.posterior import levels
from assay.core.shapes import LATEST, Prompt

Tier = Literal["exact", "vertical", "generic", "name"]
GENERIC = "generic"
PRODUCTION = "production"
NEAREST = 5
MOST_LABELS = 20
MOST_COMPARED = 1_000  # names or categories looked at for one that was misspelt


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
    look-ups; under `thompson` about 2 µs for each candidate.
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
    if bundle.index.trials and context.label == PRODUCTION:
        # Or else the score would decide who is exposed, and the comparison would be worth nothing.
        held = [holder for holder in map(bundle.holder, lists) if holder is not None]
        if held:
            return min(held, key=lambda prompt: prompt.id)
    if bundle.content.project.policy == "score":
        winners = [bundle.best(candidates) for candidates in lists]
        return winners[0] if len(winners) == 1 else min(winners, key=lambda it: (-bundle.score(it)[0], it.id))
    candidates = lists[0] if len(lists) == 1 else sorted(lists[0] + lists[1], key=lambda prompt: prompt.id)
    return candidates[0] if len(candidates) == 1 else _thompson(bundle, candidates, context, language, draw)


def _thompson(bundle: Bundle, candidates: list[Prompt], context: Context, language: str, draw: float) -> Prompt:
    """The candidate whose draw from its Beta posterior is highest. A pure function of bundle, context and draw."""
    place = (context.category, context.vertical, context.platform, context.agent_code, language, context.name)
    drawn = levels(msgspec.json.encode((draw, place)), len(candidates))
    chosen, highest = candidates[0], -1.0
    for prompt, level in zip(candidates, drawn, strict=True):
        rate = bundle.posterior(prompt).quantile(level)
        if rate > highest:
            chosen, highest = prompt, rate
    return chosen


def _in_its_only_language(bundle: Bundle, context: Context, draw: float) -> tuple[Prompt, Tier] | None:
    """A name asked for without a language, that only one language carries, leaves nothing to choose."""
    named = bundle.index.names.get((context.label, context.name or ""), {})
    return _in_language(bundle, context, next(iter(named)), draw) if len(named) == 1 else None


def _nothing_found(bundle: Bundle, context: Context) -> AssayError:
    """The error of a request that nothing serves. Looks at every prompt: an error may cost a few milliseconds."""
    index = bundle.index
    if context.name is not None:
        return _nothing_by_name(bundle, context)
    if context.label not in index.labels and context.label not in (PRODUCTION, LATEST):
        return _unknown_label(f"No prompt carries the label {context.label[:60]!r}.", sorted(index.labels))
    labelled = [prompt for prompt in bundle.content.prompts if context.label in prompt.labels]
    contexts = {_Place.of(prompt) for prompt in labelled}
    categories = sorted({place.category for place in contexts})[:MOST_COMPARED]
    likely = set(get_close_matches(context.category or "", categories, n=3))
    nearest = sorted(contexts, key=lambda place: (-place.likeness(context, likely), place.sort_key()))
    return AssayError(
        "no_prompt",
        "No prompt serves this context.",
        status=404,
        extra={"nearest": [msgspec.structs.asdict(place) for place in nearest[:NEAREST]]},
    )


def _nothing_by_name(bundle: Bundle, context: Context) -> AssayError:
    named = [prompt for prompt in bundle.content.prompts if prompt.name == context.name]
    if named and not any(context.label in prompt.labels for prompt in named):
        labels = sorted({label for prompt in named for label in prompt.labels})
        return _unknown_label(f"That prompt does not carry the label {context.label[:60]!r}.", labels)
    if not named:
        names = sorted({prompt.name for prompt in bundle.content.prompts})[:MOST_COMPARED]
        close = get_close_matches(context.name or "", names, n=NEAREST)
        named = [prompt for name in close for prompt in bundle.content.prompts if prompt.name == name]
    nearest = [{"name": prompt.name} | msgspec.structs.asdict(_Place.of(prompt)) for prompt in named[:NEAREST]]
    detail = "No prompt of this name serves this language."
    return AssayError("no_prompt", detail, status=404, extra={"nearest": nearest})


def _unknown_label(detail: str, labels: list[str]) -> AssayError:
    errors = [FieldError("/label", "unknown_label", detail)]
    return AssayError("unknown_label", detail, status=404, errors=errors, extra={"labels": labels[:MOST_LABELS]})


class _Place(msgspec.Struct, frozen=True):
    """A context that some prompt serves."""

    category: str
    vertical: str
    platform: str | None
    agent_code: str | None
    language: str

    @classmethod
    def of(cls, prompt: Prompt) -> "_Place":
        return cls(prompt.category, prompt.vertical, prompt.platform, prompt.agent_code, prompt.language)

    def likeness(self, context: Context, likely: set[str]) -> int:
        """How much of the context it shares; the category weighs most, a misspelt one nearly as much."""
        category = 32 if self.category == context.category else 24 if self.category in likely else 0
        vertical = 8 if self.vertical == context.vertical else 4 if self.vertical == GENERIC else 0
        return (
            category
            + vertical
            + 4 * (self.language == context.language)
            + 2 * (self.agent_code == context.agent_code)
            + (self.platform == context.platform)
        )

    def sort_key(self) -> tuple[str, ...]:
        return self.category, self.vertical, self.platform or "", self.agent_code or "", self.language
