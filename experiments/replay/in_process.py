"""The door within this process: the core on the real database, without a server."""

from collections.abc import Sequence

from assay.core.assign import DRAW, fraction
from assay.core.bundle import Bundle
from assay.core.select import Context, select

from experiments.read_bundle import read_bundle
from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import Earned
from experiments.replay.register import CATEGORY, Stage
from vault.learn import Report, learn


class InProcess:
    """Chooses with the core from a bundle that is read anew after each round of reports. See `play.Door`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.positions = {
            str(prompt_id): position for ids in stage.prompts.values() for position, prompt_id in enumerate(ids)
        }
        self.salt = str(stage.project.pk)
        self.bundle: Bundle = read_bundle(stage.project.pk)

    def choose(self, test: HeadlineTest, units: Sequence[str]) -> list[int]:
        """The position of the arm that serves each unit."""
        bundle, salt, positions = self.bundle, self.salt, self.positions
        context = Context(category=CATEGORY, vertical=test.id)
        return [positions[select(bundle, context, fraction(salt, DRAW, unit)).prompt.id] for unit in units]

    def report(self, earned: Sequence[Earned]) -> None:
        """Teach the prompts what they earned, in one transaction, and read what that made of them."""
        reports = [
            Report(
                prompt_id=self.stage.prompts[batch.test.id][batch.position],
                rate=batch.clicks / batch.visitors,
                engagements=float(batch.clicks),
                impressions=float(batch.visitors),
            )
            for batch in earned
        ]
        learn(project_id=self.stage.project.pk, reports=reports)
        self.bundle = read_bundle(self.stage.project.pk, self.bundle)
