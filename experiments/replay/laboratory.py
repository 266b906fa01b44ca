"""This file lets you play in real experiments: resolve as the SDK does, report in batches, look as the worker does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from assay.core.bundle import Bundle
from assay.core.resolve import Request, resolve
from django.utils import timezone

from experiments.act_on_verdict import act_on_verdict
from experiments.analyse import GRACE, analyse
from experiments.conclude_experiment import conclude_experiment
from experiments.describe_analysis import describe_analysis
from experiments.fold import fold
from experiments.keep_snapshot import keep_snapshot
from experiments.models import Arm, Experiment
from experiments.models.experiments import Status
from experiments.models.metrics import IMMEDIATE
from experiments.replay.headlines import HeadlineTest
from experiments.replay.register import CATEGORY
from experiments.replay.set_up import METRIC, Ground
from experiments.replay.try_out import End, Seen, Shown
from sentinel.access import access_of_installation
from sentinel.models import Revision

# From the sight of a headline to the click.
TO_THE_CLICK = timedelta(seconds=5)


class Line(Protocol):
    """How what is served comes from an Assay, and what was seen gets there."""

    def bundle(self, at_least: int) -> Bundle:
        """The bundle, with a content of this revision or a later one."""

    def send(self, what: str, items: Sequence[dict[str, Any]]) -> None:
        """Send `outcomes` or `exposures`, and come back when they are stored. Raises AssayError for one rejected."""


class Laboratory:
    """Each visitor of a test comes at a time of its own, spread over the day that is just over. See `try_out`."""

    def __init__(self, ground: Ground, line: Line, *, visitors: int) -> None:
        self.ground = ground
        self.line = line
        self.pause = ground.span / (visitors + 1)
        self.positions = {
            str(version_id): position
            for versions in ground.versions.values()
            for position, version_id in enumerate(versions)
        }
        self.bundle = self._served()

    def choose(self, test: HeadlineTest, units: Sequence[str], first: int) -> list[Shown]:
        """What each unit is shown, by the core, in this process."""
        return [self._choose(test, unit, place) for place, unit in enumerate(units, first)]

    def _choose(self, test: HeadlineTest, unit: str, place: int) -> Shown:
        request = Request(category=CATEGORY, vertical=test.id, unit=unit)
        resolved = resolve(self.bundle, request, now=int(self._time(place).timestamp() * 1000))
        position = self.positions[resolved.version.id]
        return Shown(position, resolved.resolution_id if resolved.experiment else None)

    def observe(self, test: HeadlineTest, seen: Sequence[Seen]) -> None:
        """Clicks first: a look in between finds no visitor who has been seen without what it did."""
        clicks = [
            {
                "id": str(uuid4()),
                "metric": METRIC,
                "resolution_id": each.resolution_id,
                "value": 1.0,
                "at": (self._time(each.place) + TO_THE_CLICK).isoformat(),
            }
            for each in seen
            if each.clicked
        ]
        self.line.send("outcomes", clicks)
        self.line.send("exposures", [{"resolution_id": each.resolution_id} for each in seen])

    def look(self, test: HeadlineTest, arrived: int) -> End | None:
        """Look as the worker does each minute, at the time when the last visitor's window has closed."""
        now = self._time(arrived - 1) + IMMEDIATE + GRACE + timedelta(seconds=1)
        experiment = self._experiment(test)
        fold(project_id=experiment.project_id)
        analysis = analyse(experiment, now)
        keep_snapshot(analysis=analysis, results=describe_analysis(analysis))
        if not act_on_verdict(analysis=analysis):
            return None
        # Here it is the time of the replay; what is done to an experiment is done at once.
        Arm.objects.filter(experiment=experiment, withdrawn_at__gt=now).update(withdrawn_at=self._time(arrived - 1))
        self.bundle = self._served()
        ended = Experiment.objects.get(pk=experiment.pk)
        return ended.evidence["action"] if ended.evidence else None

    def finish(self, test: HeadlineTest) -> None:
        """Conclude it: there are no more visitors."""
        access = access_of_installation(self.ground.project)
        told = "No more visitors come, and no verdict was reached."
        conclude_experiment(access=access, experiment=self._experiment(test), reason=told)

    def _experiment(self, test: HeadlineTest) -> Experiment:
        experiments = Experiment.objects.filter(pk=self.ground.experiments[test.id], status=Status.RUNNING)
        # The worker takes it for looked at, and leaves it to us.
        experiments.update(watched_at=timezone.now())
        return experiments.select_related("project", "primary_metric", "prompt").get()

    def _served(self) -> Bundle:
        return self.line.bundle(Revision.objects.get(project=self.ground.project).content)

    def _time(self, place: int) -> datetime:
        return self.ground.started_at + (place + 1) * self.pause
