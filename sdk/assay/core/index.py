"""Where prompts stand, so that the candidates for a context are found without a look at any other."""

from bisect import insort
from typing import TypeVar

from assay.core.brand import fill_brand
from assay.core.errors import BundleError
from assay.core.shapes import Content, Prompt, Version
from assay.core.trial import Trial

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
