"""This file lets you put headline tests into a project of their own: a context each, with a prompt for each arm."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from assay.core.errors import AssayError
from django.db import transaction

from experiments.replay.headlines import HeadlineTest
from sentinel.access import access_of_installation
from sentinel.models import Project
from vault.import_prompts import import_prompts
from vault.models import EngagementReport, Prompt, UsageReport, VaultSettings
from vault.models.prompts import FIRST_SCORE
from vault.prompt_files.record import Row, TextRecord

CATEGORY = "headline"
SOURCE = "replay"
LANGUAGE = "en"
# A project's id salts the draws of its units: so that a replay comes out the same wherever it is played, its projects
# have the same ids everywhere.
PROJECTS = {
    "score": UUID("019fb000-0000-7000-8000-000000000001"),
    "thompson": UUID("019fb000-0000-7000-8000-000000000002"),
}


@dataclass(frozen=True)
class Stage:
    """A project set up to be played in. `prompts`: by test, the id of the prompt for each position."""

    policy: str
    project: Project
    prompts: dict[str, list[UUID]]


def register(tests: Sequence[HeadlineTest], policy: str) -> Stage:
    """The project `replay-<policy>`, with these tests and nothing else in service, and nothing earned yet.

    Prompts from before are used again, what they earned is deleted with its history; those of other tests rest. Raises
    AssayError 409 `project_taken` when somebody made a project of this name for something else.
    """
    project = project_of(policy, PROJECTS[policy])
    VaultSettings.objects.update_or_create(
        project=project, defaults={"policy": policy, "default_language": LANGUAGE, "protected_labels": []}
    )
    wanted = {
        f"Headline {position + 1} of test {test.id}": test for test in tests for position in range(len(test.rates))
    }
    rested = Prompt.objects.in_project(project.pk).active().exclude(name__in=wanted)
    rested.update(is_active=False)
    access = access_of_installation(project)
    rows = [
        Row(SOURCE, number, name, TextRecord(name=name, content=name, category=CATEGORY, vertical=test.id))
        for number, (name, test) in enumerate(wanted.items(), 1)
    ]
    for taken in import_prompts(access=access, rows=rows, defaults={"language": LANGUAGE, "source": SOURCE}):
        if taken.refusal is not None:
            raise AssayError(taken.refusal.code, f"{taken.row.name}: {taken.refusal.detail}")
    _forget_earnings(project)
    return Stage(policy, project, _positions(project))


def project_of(kind: str, project_id: UUID) -> Project:
    """The project `replay-<kind>`. Raises AssayError 409 `project_taken` where that is another one."""
    slug = f"replay-{kind}"
    project, _ = Project.objects.get_or_create(slug=slug, defaults={"id": project_id, "name": f"Replay, {kind}"})
    if project.pk != project_id:
        raise AssayError("project_taken", f"There is a project {slug} already that is not a replay's.", status=409)
    return project


@transaction.atomic
def _forget_earnings(project: Project) -> None:
    EngagementReport.objects.filter(project=project).delete()
    UsageReport.objects.filter(project=project).delete()
    Prompt.objects.in_project(project.pk).update(
        performance_score=FIRST_SCORE, times_used=0, engagement_avg=0.0, reports=0, engagements=0.0, impressions=0.0
    )


def _positions(project: Project) -> dict[str, list[UUID]]:
    """Positions follow the ids, as ties between equal scores do."""
    prompts: defaultdict[str, list[UUID]] = defaultdict(list)
    for test_id, prompt_id in (
        Prompt.objects.in_project(project.pk).active().order_by("id").values_list("vertical", "id")
    ):
        prompts[test_id].append(prompt_id)
    return dict(prompts)
