"""The bundle: one project's prompts and scores, immutable, indexed once, and all that a resolution needs."""

from binascii import Error as Base64Error
from binascii import a2b_base64
from bisect import insort
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from assay.core.brand import fill_brand
from assay.core.errors import BundleError
from assay.core.posterior import Posterior

FORMAT = 1
WHOLE = 10_000
LATEST = "latest"

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Name = Annotated[str, msgspec.Meta(max_length=1000)]
Revision = Annotated[int, msgspec.Meta(ge=0)]
Prior = Annotated[float, msgspec.Meta(gt=0, le=1e12)]
Score = Annotated[float, msgspec.Meta(ge=0, le=10)]
Count = Annotated[float, msgspec.Meta(ge=0, le=1e15)]


class Message(msgspec.Struct, frozen=True):
    """One message of a chat prompt; before rendering its content is a template."""

    role: Literal["system", "user", "assistant"]
    content: str


class Version(msgspec.Struct, frozen=True):
    """One immutable text of a prompt. `variables` is a schema that `variables.check_schema` accepts."""

    id: Id
    number: Name
    kind: Literal["text", "chat"]
    content: str | list[Message]
    variables: dict[str, Any] = {}
    model_settings: dict[str, Any] = {}


class Prompt(msgspec.Struct, frozen=True):
    """An active prompt with its labelled versions. `labels` names a version's id by label, `latest` among them."""

    id: Id
    name: Name
    category: Name
    vertical: Name
    platform: Name | None
    agent_code: Name | None
    language: Name
    technique: str
    labels: dict[str, Id]
    versions: list[Version]


class Client(msgspec.Struct, frozen=True):
    """A customer; `brand` is their brand file, or null when it is empty."""

    id: Id
    name: str
    brand: dict[str, Any] | None = None


class ProjectSettings(msgspec.Struct, frozen=True):
    """What selection must know of the project."""

    id: Id
    slug: str
    policy: Literal["score", "thompson"] = "score"
    default_language: Name = "en"


Share = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Arm(msgspec.Struct, frozen=True):
    """One side of an experiment, the control being number 0. `share` in ten-thousandths; all arms' sum to 10,000.

    The units of a withdrawn arm are served what is in production, and its share goes to nobody else.
    """

    number: Annotated[int, msgspec.Meta(ge=0, le=255)]
    version_id: Id
    share: Share
    withdrawn: bool = False


class Experiment(msgspec.Struct, frozen=True):
    """An experiment that holds its prompt's contexts. `coverage`, in ten-thousandths, is how many units take part.

    Where nobody is exposed any more (it is paused, or its time is up), `known` tells who was: their 8-byte hashes, one
    after the other, in base64. Only they keep their arm then. While it runs `known` is null.
    """

    id: Id
    prompt_id: Id
    salt: Name
    coverage: Share
    arms: list[Arm]
    known: str | None = None


class Content(msgspec.Struct, frozen=True):
    """All of a bundle but the scores. `clients` is null for a key that may not see them."""

    project: ProjectSettings
    revision: Revision
    prompts: list[Prompt]
    experiments: list[Experiment] = []
    clients: list[Client] | None = None
    format: int = FORMAT


class Scores(msgspec.Struct, frozen=True):
    """What the prompts earned: by prompt id (performance score 0 to 10, engagements, impressions).

    A prompt that is absent stands at (5.0, 0, 0). `prior` is the Beta prior (alpha, beta) of the `thompson` policy.
    """

    revision: Revision
    content_revision: Revision
    prior: tuple[Prior, Prior] = (1.0, 1.0)
    scores: dict[Id, tuple[Score, Count, Count]] = {}
    format: int = FORMAT


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

    def _fill(self, content: Content, scores: Scores, index: "Index", compiled: "Cache") -> None:
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


class Cache:
    """A bounded dictionary without a lock: a fork in the middle of a write leaves nothing held.

    Two generations: when the young one is full it becomes the old one, and what is still asked for moves over.
    """

    __slots__ = ("limit", "old", "young")

    def __init__(self, limit: int = 1024) -> None:
        self.limit = limit
        self.young: dict[str, Any] = {}
        self.old: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """What was put under the key, or None."""
        found = self.young.get(key)
        if found is None:
            found = self.old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: str, value: object) -> None:
        """Keep the value for a while."""
        if len(self.young) >= self.limit:
            self.old, self.young = self.young, {}
        self.young[key] = value


Pools = dict[str, list[Prompt]]


class Index:
    """Where each prompt stands, by label and tier. Lists are in id order."""

    __slots__ = ("brands", "exact", "holders", "labels", "names", "pools", "prompts", "trials", "versions")

    def __init__(self, content: Content, previous: "Index | None" = None) -> None:
        self.exact: dict[tuple[str, str, str, str, str, str], list[Prompt]] = {}
        self.pools: dict[tuple[str, str, str, str], Pools] = {}
        self.names: dict[tuple[str, str], dict[str, list[Prompt]]] = {}
        self.versions: dict[tuple[str, str], Version] = {}
        clients = content.clients
        self.brands = None if clients is None else {client.id: fill_brand(client.brand) for client in clients}
        self.trials: dict[str, Trial] = {}
        self.holders: dict[int, Prompt | None] = {}
        self.prompts = {prompt.id: prompt for prompt in content.prompts}
        if len(self.prompts) < len(content.prompts):
            raise BundleError("invalid_bundle", "A prompt is there twice.")
        if previous is None or not self._carry_over(previous):
            for _, prompt in sorted(self.prompts.items()):
                self._add(prompt)
        self.labels = {label for _, label in self.versions}
        versions = {(prompt.id, version.id): version for prompt in content.prompts for version in prompt.versions}
        for experiment in content.experiments:
            if experiment.prompt_id in self.trials:
                raise BundleError("invalid_bundle", f"Prompt {experiment.prompt_id} has two experiments.")
            self.trials[experiment.prompt_id] = Trial(experiment, versions)

    def _carry_over(self, previous: "Index") -> bool:
        """Take over what has not changed, object by object; False when building anew costs less."""
        before, now = previous.prompts, self.prompts
        gone = [prompt for id_, prompt in before.items() if now.get(id_) is not prompt]
        come = [prompt for id_, prompt in now.items() if before.get(id_) is not prompt]
        if 10 * (len(gone) + len(come)) > len(now):
            return False
        self.exact, self.pools = dict(previous.exact), dict(previous.pools)
        self.names, self.versions = dict(previous.names), dict(previous.versions)
        for prompt in gone:
            self._edit(prompt, comes=False)
        for prompt in come:
            self._edit(prompt, comes=True)
        return True

    def _edit(self, prompt: Prompt, *, comes: bool) -> None:
        """Let a prompt come or go, without touching a list that the previous index still uses."""
        versions = {version.id: version for version in prompt.versions}
        agent = prompt.agent_code or ""
        for label, version_id in prompt.labels.items():
            self.versions.pop((prompt.id, label), None)
            if comes:
                self.versions[prompt.id, label] = _labelled(prompt, label, versions.get(version_id))
            place = (label, prompt.language, prompt.category, prompt.vertical)
            _edit_inner(self.pools, place, agent, prompt, comes)
            _edit_inner(self.names, (label, prompt.name), prompt.language, prompt, comes)
            if prompt.platform and agent:
                _edit_list(self.exact, (*place, prompt.platform, agent), prompt, comes)

    def _add(self, prompt: Prompt) -> None:
        versions = {version.id: version for version in prompt.versions}
        agent = prompt.agent_code or ""
        for label, version_id in prompt.labels.items():
            self.versions[prompt.id, label] = _labelled(prompt, label, versions.get(version_id))
            place = (label, prompt.language, prompt.category, prompt.vertical)
            self.pools.setdefault(place, {}).setdefault(agent, []).append(prompt)
            self.names.setdefault((label, prompt.name), {}).setdefault(prompt.language, []).append(prompt)
            if prompt.platform and agent:
                self.exact.setdefault((*place, prompt.platform, agent), []).append(prompt)


def _labelled(prompt: Prompt, label: str, version: Version | None) -> Version:
    if version is None:
        raise BundleError("invalid_bundle", f"Label {label!r} of prompt {prompt.id} names an absent version.")
    return version


K = TypeVar("K")


def _edit_list(lists: dict[K, list[Prompt]], key: K, prompt: Prompt, comes: bool) -> None:
    """Put another list, in id order, in the place of the one that a prompt comes to or leaves."""
    edited = [other for other in lists.get(key, ()) if other.id != prompt.id]
    if comes:
        insort(edited, prompt, key=lambda it: it.id)
    if edited:
        lists[key] = edited
    else:
        lists.pop(key, None)


def _edit_inner(outer: dict[K, dict[str, list[Prompt]]], place: K, key: str, prompt: Prompt, comes: bool) -> None:
    inner = dict(outer.get(place, {}))
    _edit_list(inner, key, prompt, comes)
    if inner:
        outer[place] = inner
    else:
        outer.pop(place, None)


class Trial:
    """An experiment made ready: each arm with its version and the upper end of its cumulative shares."""

    __slots__ = ("arms", "ends", "experiment", "known")

    def __init__(self, experiment: Experiment, versions: dict[tuple[str, str], Version]) -> None:
        self.experiment = experiment
        self.arms: list[tuple[Arm, Version]] = []
        self.ends: list[int] = []
        end = 0
        for arm in sorted(experiment.arms, key=lambda arm: arm.number):
            version = versions.get((experiment.prompt_id, arm.version_id))
            if version is None:
                raise BundleError("invalid_bundle", f"Experiment {experiment.id} names an absent version.")
            end += arm.share
            self.arms.append((arm, version))
            self.ends.append(end)
        if end != WHOLE:
            raise BundleError("invalid_bundle", f"The shares of experiment {experiment.id} do not sum to {WHOLE}.")
        self.known = None if experiment.known is None else _hashes(experiment)


def _hashes(experiment: Experiment) -> frozenset[bytes]:
    try:
        packed = a2b_base64(experiment.known or "", strict_mode=True)
    except Base64Error:
        packed = b"?"
    if len(packed) % 8:
        raise BundleError("invalid_bundle", f"The known units of experiment {experiment.id} are damaged.")
    return frozenset(packed[place : place + 8] for place in range(0, len(packed), 8))


T = TypeVar("T", Content, Scores)


def load_content(body: bytes) -> Content:
    """The content of a bundle from its JSON. Raises BundleError on anything that is off; unknown members are let be."""
    return _load(body, _content_decoder)


def load_scores(body: bytes) -> Scores:
    """The scores of a bundle from their JSON. Raises BundleError on anything off; unknown members are let be."""
    scores = _load(body, _scores_decoder)
    if any(engagements > impressions for _, engagements, impressions in scores.scores.values()):
        raise BundleError("invalid_bundle", "A prompt has more engagements than impressions.")
    return scores


_content_decoder = msgspec.json.Decoder(Content)
_scores_decoder = msgspec.json.Decoder(Scores)


def _load(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        loaded = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError("invalid_bundle", f"This is not a bundle: {error}.") from None
    if loaded.format != FORMAT:
        raise BundleError(
            "unknown_bundle_format", f"This bundle has format {loaded.format}; this Assay reads {FORMAT}."
        )
    return loaded
