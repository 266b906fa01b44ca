"""This file lets you see where a prompt is chosen, tier by tier, and against which rivals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from assay.core import shapes as core
from assay.core.bundle import Bundle
from assay.core.select import Context, select

from vault.models import Prompt, VaultSettings
from vault.models.labels import PRODUCTION
from vault.prior import prior

GENERIC = "generic"
# So many draws, spread evenly over [0, 1), tell how often `thompson` would choose each; fewer where rivals are many.
MOST_DRAWS = 200
MOST_WORK = 40_000
MOST_RIVALS = 50


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate of a tier. `share` is how much of the tier's requests it gets, in [0, 1]."""

    prompt: Prompt
    share: float
    is_itself: bool


@dataclass(frozen=True, slots=True)
class TierStanding:
    """Who else could serve the requests that this prompt could, best first; `share` is the prompt's own."""

    tier: str
    rivals: Sequence[Rival]
    share: float


def standing(prompt: Prompt) -> list[TierStanding]:
    """One for each tier that finds the prompt, for requests of its own context; none while it is not served.

    The core itself chooses, so this is what `resolve` does. Three queries, one more under `thompson`.
    """
    settings = VaultSettings.objects.of(prompt.project_id)
    rows = list(prompt_rivals(prompt))
    if prompt.pk not in {row.pk for row in rows}:
        return []
    bundle = Bundle(_content(prompt, settings, rows), _scores(prompt.project_id, settings, rows))
    return [_in_tier(bundle, prompt, tier, context, rows) for tier, context in _tiers(prompt)]


def prompt_rivals(prompt: Prompt) -> Iterable[Prompt]:
    """The served prompts of the same category and language, itself included. One query."""
    rows = Prompt.objects.rivals_of(prompt).filter(labels__name=PRODUCTION, vertical__in=[prompt.vertical, GENERIC])
    return rows.order_by("-performance_score", "id")


def _tiers(prompt: Prompt) -> list[tuple[str, Context]]:
    around = Context(category=prompt.category, agent_code=prompt.agent_code, language=prompt.language)
    here = msgspec.structs.replace(around, vertical=prompt.vertical)
    tiers = []
    if prompt.platform and prompt.agent_code:
        tiers.append(("exact", msgspec.structs.replace(here, platform=prompt.platform)))
    tiers.append((GENERIC, around) if prompt.vertical == GENERIC else ("vertical", here))
    return tiers


def _in_tier(bundle: Bundle, prompt: Prompt, tier: str, context: Context, rows: list[Prompt]) -> TierStanding:
    draws = max(1, min(MOST_DRAWS, MOST_WORK // len(rows))) if bundle.content.project.policy == "thompson" else 1
    chosen = Counter(select(bundle, context, (draw + 0.5) / draws).prompt.id for draw in range(draws))
    found = [row for row in rows if _is_candidate(row, prompt, tier)]
    rivals = [Rival(row, chosen[str(row.pk)] / draws, row.pk == prompt.pk) for row in found]
    rivals.sort(key=lambda rival: -rival.share)
    kept = [rival for place, rival in enumerate(rivals) if place < MOST_RIVALS or rival.is_itself]
    return TierStanding(tier, kept, chosen[str(prompt.pk)] / draws)


def _is_candidate(row: Prompt, prompt: Prompt, tier: str) -> bool:
    if row.vertical != prompt.vertical:
        return False
    if tier == "exact":
        return (row.platform, row.agent_code) == (prompt.platform, prompt.agent_code)
    return not row.agent_code or row.agent_code == prompt.agent_code


def _content(prompt: Prompt, settings: VaultSettings, rows: list[Prompt]) -> core.Content:
    return core.Content(
        project=core.ProjectSettings(
            id=str(prompt.project_id),
            slug="",
            policy="thompson" if settings.policy == "thompson" else "score",
            default_language=settings.default_language,
        ),
        revision=0,
        prompts=[_placed(row) for row in rows],
    )


def _placed(row: Prompt) -> core.Prompt:
    """The prompt as selection sees it; what it says does not matter for that."""
    id_ = str(row.pk)
    return core.Prompt(
        id=id_,
        name=row.name,
        category=row.category,
        vertical=row.vertical,
        platform=row.platform,
        agent_code=row.agent_code,
        language=row.language,
        technique=row.technique,
        labels={PRODUCTION: id_},
        versions=[core.Version(id=id_, number="1.0.0", kind="text", content="")],
    )


def _scores(project_id: UUID, settings: VaultSettings, rows: list[Prompt]) -> core.Scores:
    scores = {str(row.pk): (row.performance_score, row.engagements, row.impressions) for row in rows}
    if settings.policy != "thompson":
        return core.Scores(revision=0, content_revision=0, scores=scores)
    totals = Prompt.objects.in_project(project_id).active().filter(impressions__gt=0)
    worth = prior(totals.values_list("engagements", "impressions"))
    return core.Scores(revision=0, content_revision=0, prior=worth, scores=scores)
