"""This file lets you put headline tests into a project as experiments: a prompt each, with a version for each arm."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from assay.core.errors import AssayError
from django.db import transaction
from django.utils import timezone

from experiments.check_draft import MOST_ARMS
from experiments.conclude_experiment import conclude_experiment
from experiments.draft_experiment import Side, draft_experiment
from experiments.models import Experiment, Exposure, Metric, Outcome, Pending, UnitTotal
from experiments.models.experiments import WHOLE, Mode
from experiments.replay.headlines import HeadlineTest
from experiments.replay.register import CATEGORY, LANGUAGE, project_of
from experiments.start_experiment import start_experiment
from sentinel.access import Access, access_of_installation
from sentinel.models import Project
from vault.add_version import add_version
from vault.create_prompt import create_prompt
from vault.models import Prompt, VaultSettings
from vault.models.labels import PRODUCTION
from vault.move_label import move_label

METRIC = "click_through"
NAME = "experiment"
PROJECT = UUID("019fb000-0000-7000-8000-000000000003")
# All visitors come within a day that ended a quarter of an hour ago: nothing lies in the future.
SPAN = timedelta(days=1)
SINCE = timedelta(minutes=15)


@dataclass(frozen=True)
class Ground:
    """A project set up for experiments. By test: the experiment, and the version of each position. `span` is the time
    from the start in which visitors come."""

    project: Project
    experiments: dict[str, UUID]
    versions: dict[str, list[UUID]]
    started_at: datetime
    span: timedelta = SPAN


def set_up(tests: Sequence[HeadlineTest], *, seed: int, visitors: int) -> Ground:
    """The project `replay-experiment`, with an experiment running on each test, planned for so many visitors, at equal
    shares. Position 0 is the control and in production; outcomes are immediate.

    Prompts from before are used again; what is still going on of an earlier replay is concluded, and all that was
    observed then is deleted. Raises AssayError 422 `too_many_arms`, 409 `project_taken`.
    """
    for test in tests:
        if len(test.rates) > MOST_ARMS:
            told = f"Test {test.id} has {len(test.rates)} arms; an experiment has {MOST_ARMS} at most."
            raise AssayError("too_many_arms", told, status=422)
    project = project_of(NAME, PROJECT)
    VaultSettings.objects.update_or_create(
        project=project, defaults={"policy": "score", "default_language": LANGUAGE, "protected_labels": []}
    )
    access = access_of_installation(project)
    _clear(access, project)
    Metric.objects.filter(project=project, slug=METRIC).update(window=timedelta(0))
    Prompt.objects.in_project(project.pk).active().exclude(vertical__in=[test.id for test in tests]).update(
        is_active=False
    )
    started_at = timezone.now() - SINCE - SPAN
    experiments, versions = {}, {}
    for test in tests:
        prompt, sides = _prompt(access, test)
        versions[test.id] = [side.version.pk for side in sides]
        experiments[test.id] = _start(access, test, prompt, sides, seed=seed, visitors=visitors)
    Experiment.objects.filter(pk__in=experiments.values()).update(started_at=started_at, ramp_step_at=started_at)
    return Ground(project, experiments, versions, started_at)


@transaction.atomic
def _clear(access: Access, project: Project) -> None:
    for experiment in Experiment.objects.in_project(project.pk).live():
        conclude_experiment(access=access, experiment=experiment, reason="The replay was broken off.")
    UnitTotal.objects.filter(experiment__project=project).delete()
    for kind in (Pending, Exposure, Outcome):
        kind.objects.filter(project=project).delete()


def _prompt(access: Access, test: HeadlineTest) -> tuple[Prompt, list[Side]]:
    """The test's prompt in service, and its arms, the control in production."""
    texts = [f"Headline {position + 1} of test {test.id}" for position in range(len(test.rates))]
    place = {"name": f"Headlines of test {test.id}", "category": CATEGORY, "vertical": test.id, "language": LANGUAGE}
    prompt = Prompt.objects.filter(project_id=access.project_id, **place).first()
    if prompt is None:
        prompt = create_prompt(access=access, context=place, content=texts[0])
    elif not prompt.is_active:
        Prompt.objects.filter(pk=prompt.pk).update(is_active=True)
    known = {version.content: version for version in prompt.versions.all()}
    for text in texts:
        if text not in known:
            known[text] = add_version(access=access, prompt=prompt, content=text)
    move_label(access=access, prompt=prompt, label=PRODUCTION, version=known[texts[0]], reason="the control")
    share, more = divmod(WHOLE, len(texts))
    return prompt, [Side(known[text], share + (position < more)) for position, text in enumerate(texts)]


def _start(
    access: Access, test: HeadlineTest, prompt: Prompt, sides: Sequence[Side], *, seed: int, visitors: int
) -> UUID:
    fields = {
        "name": f"Headlines of test {test.id}",
        "hypothesis": "One of the other headlines is clicked on more often than the first.",
        "prompt": prompt,
        "primary_metric": Metric.objects.get(project_id=access.project_id, slug=METRIC),
        "mode": Mode.AUTO,
        "ramp": [],
    }
    draft = draft_experiment(access=access, fields=fields, arms=sides)
    # The salt decides who meets which arm: so a replay comes out the same wherever it is played.
    draft.salt = hashlib.sha256(f"{test.id}, {seed}".encode()).hexdigest()[:32]
    draft.save(update_fields=["salt"])
    return start_experiment(access=access, experiment=draft, planned_units=visitors).pk
