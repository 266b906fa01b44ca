"""The bundle: one project's prompts and scores, immutable, indexed once, and all that a resolution needs."""

from assay.core.cache import Cache
from assay.core.index import Index
from assay.core.posterior import Posterior
from assay.core.shapes import Content, Prompt, Scores

NO_SCORE: tuple[float, float, float] = (5.0, 0, 0)


class Bundle:
    """Content and scores, indexed for selection. Safe to share between threads: nothing in it changes but its caches.

    Give the `previous` bundle when new content arrives, so that versions that stayed need not be compiled again; and
    where most prompts are the very objects of before, only the others are indexed anew.
    """

    __slots__ = ("compiled", "content", "index", "posteriors", "ranking", "revision", "scores")

    def __init__(self, content: Content, scores: Scores, *, previous: "Bundle | None" = None) -> None:
        index = Index(content, previous.index if previous else None)
        self._fill(content, scores, index, previous.compiled if previous else Cache())

    def _fill(self, content: Content, scores: Scores, index: Index, compiled: Cache) -> None:
        self.content = content
        self.scores = scores
        self.index = index
        self.compiled = compiled
        self.ranking: dict[int, Prompt] = {}
        self.posteriors: dict[str, Posterior] = {}
        self.revision = f"{content.revision}.{scores.revision}"

    def with_scores(self, scores: Scores) -> "Bundle":
        """The same content under other scores. Costs next to nothing: the index is shared."""
        bundle = object.__new__(Bundle)
        bundle._fill(self.content, scores, self.index, self.compiled)
        return bundle

    def holder(self, candidates: list[Prompt]) -> Prompt | None:
        """The candidate that holds its context while an experiment goes on. `candidates` is a list of the index."""
        key = id(candidates)
        try:
            return self.index.holders[key]
        except KeyError:
            trials = self.index.trials
            holder = self.index.holders[key] = next((prompt for prompt in candidates if prompt.id in trials), None)
            return holder

    def score(self, prompt: Prompt) -> tuple[float, float, float]:
        """The prompt's performance score, engagements and impressions."""
        return self.scores.scores.get(prompt.id, NO_SCORE)

    def posterior(self, prompt: Prompt) -> Posterior:
        """What the prompt's engagement rate may be, after what it has earned."""
        found = self.posteriors.get(prompt.id)
        if found is None:
            alpha, beta = self.scores.prior
            _, engagements, impressions = self.score(prompt)
            found = Posterior(alpha + engagements, beta + impressions - engagements)
            self.posteriors[prompt.id] = found
        return found

    def best(self, candidates: list[Prompt]) -> Prompt:
        """The candidate with the highest score, a tie going to the lower id. `candidates` is a list of the index."""
        key = id(candidates)  # the index keeps its lists alive as long as this bundle, so the number stays theirs
        best = self.ranking.get(key)
        if best is None:
            best = self.ranking[key] = min(candidates, key=lambda prompt: (-self.score(prompt)[0], prompt.id))
        return best
