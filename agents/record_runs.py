"""This file lets you record runs as they were sent: each with what was taken of it, or why it was not."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from uuid import UUID

import msgspec
from assay.core.errors import AssayError, FieldError, single
from django.utils import timezone

from agents.count_drops import count_drops
from agents.find_trials import find_trials
from agents.read_ancestors import read_ancestors
from agents.read_settings import read_settings
from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Group, Run, Step, Trial
from agents.telemetry.merge import merge_reports
from agents.telemetry.parts import Window
from agents.telemetry.read import Read, check_parents, read_run
from agents.telemetry.refusals import Refusals
from agents.telemetry.withhold import withhold

AHEAD = timedelta(days=1)
DOOR = "api"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a run: `stored`, `updated` or `duplicate`; how it stands now; which parts of this report were
    refused; and how many were left out, by kind, because the project keeps no more of those."""

    id: UUID
    result: str
    run: Run
    refused: Sequence[FieldError]
    dropped: dict[str, int]


def record_runs(*, project_id: UUID, items: Sequence[bytes | msgspec.Raw]) -> list[Recorded | AssayError]:
    """For each item, the JSON of a run, what became of it. Everything that is taken is stored when this returns."""
    settings = read_settings(project_id)
    now = timezone.now()
    window = Window(now - timedelta(days=settings.days), now + AHEAD)
    answers: dict[int, Recorded | AssayError] = {}
    read: dict[int, Read] = {}
    for place, item in enumerate(items):
        try:
            read[place] = read_run(item, window)
        except AssayError as error:
            answers[place] = error
    _refuse_foreign_trials(project_id, read, answers)
    merging = _Merging(project_id, read.values(), keeps_decisions=settings.keeps_decisions)
    groups = [Group(one.run.run_id, one.run.started_at, [one.run]) for one in read.values()]
    stored = store_runs(project_id=project_id, groups=groups, merge=merging.merge)
    lost: Counter[str] = Counter()
    for (place, one), told in zip(read.items(), stored, strict=True):
        if isinstance(told, Stored):
            dropped = merging.dropped(one)
            lost.update(dropped)
            for refusals in merging.refusals(one):
                lost.update(refusals.codes)
            answers[place] = _recorded(one, told, [*chain(*merging.refusals(one))], dropped)
        else:
            answers[place] = told
    lost.update(_code_of(told) for told in answers.values() if isinstance(told, AssayError))
    count_drops(project_id=project_id, door=DOOR, dropped=lost)
    return [answers[place] for place in range(len(items))]


def _code_of(error: AssayError) -> str:
    return error.errors[0].code if error.errors else error.code


def _recorded(read: Read, told: Stored, refused: Sequence[FieldError], dropped: dict[str, int]) -> Recorded:
    name = read.run.run_id
    run = next(run for run in told.runs if run.run_id == name)
    return Recorded(told.ids[name], told.result, run, refused, dropped)


def _refuse_foreign_trials(project_id: UUID, read: dict[int, Read], answers: dict[int, Recorded | AssayError]) -> None:
    """A version or an experiment of another project does not exist."""
    named = {place: trials for place, one in read.items() if (trials := _trials(one.run))}
    known = find_trials(project_id=project_id, trials={trial for each in named.values() for _, trial in each})
    for place, trials in named.items():
        for pointer, trial in trials:
            if trial not in known and place in read:
                del read[place]
                answers[place] = single("not_found", pointer, "There is no such version or experiment.", status=404)


def _trials(run: Run) -> list[tuple[str, Trial]]:
    named = [] if run.trial is None else [("/version_id", run.trial)]
    return named + [
        (f"/steps/{place}/version_id", step.trial) for place, step in enumerate(run.steps) if step.trial is not None
    ]


class _Merging:
    """Merges reports of one batch, and remembers what it refused of them and what it left out."""

    def __init__(self, project_id: UUID, read: Collection[Read], *, keeps_decisions: bool) -> None:
        self._read = {id(one.run): one for one in read}
        self._keeps_decisions = keeps_decisions
        self._doubted: dict[int, Refusals] = {}
        self._dropped: dict[int, dict[str, int]] = {}
        parents = {one.run.parent_run_id for one in read if one.run.parent_run_id is not None}
        self._parents = read_ancestors(project_id=project_id, runs=parents)

    def refusals(self, read: Read) -> tuple[Refusals, ...]:
        """Of what was wrong by itself, and of what named a step that there is not."""
        doubted = self._doubted.get(id(read.run))
        return (read.refused,) if doubted is None else (read.refused, doubted)

    def dropped(self, read: Read) -> dict[str, int]:
        """By kind, how many decisions and signals were left out."""
        return self._dropped.get(id(read.run), {})

    def merge(self, stored: list[Run], sent: list[Run]) -> list[Run]:
        (run,) = sent
        others = [one for one in stored if one.run_id != run.run_id]
        known = next((one for one in stored if one.run_id == run.run_id), None)
        read = self._read[id(run)]
        if read.doubts:
            run = self._without_doubtful(read, known)
        if not self._keeps_decisions:
            run, self._dropped[id(read.run)] = withhold(run, known)
        if known is not None:
            run = merge_reports(known, run)
            check_parents({step.step_id: step for step in run.steps})
        # Who is stored under this parent already stays there: a circle whose halves came at once must end like others.
        if run.parent_run_id is not None and (known is None or known.parent_run_id != run.parent_run_id):
            self._check_ancestors(run.run_id, run.parent_run_id)
        return [*others, run]

    def _without_doubtful(self, read: Read, known: Run | None) -> Run:
        """The run without those parts that name a step which it does not have. AssayError where a step does so."""
        steps = {step.step_id for step in known.steps} if known else set()
        wrong: set[int] = set()
        told = Refusals()
        for doubt in read.doubts:
            is_step = isinstance(doubt.part, Step)
            named = doubt.part.parent_step_id if isinstance(doubt.part, Step) else doubt.part.step_id
            if named in steps:
                continue
            error = single("unknown_step", doubt.pointer, "There is no such step in this run.")
            if is_step:
                raise error
            wrong.add(id(doubt.part))
            told.add(error.errors[0])
        self._doubted[id(read.run)] = told
        return msgspec.structs.replace(
            read.run,
            failures=[part for part in read.run.failures if id(part) not in wrong],
            decisions=[part for part in read.run.decisions if id(part) not in wrong],
            signals=[part for part in read.run.signals if id(part) not in wrong],
        )

    def _check_ancestors(self, run_id: str, parent: str) -> None:
        """AssayError where the run is its own ancestor, by what is stored or by what came before it in this batch.

        Two halves of a circle that are sent at the very same time are both taken: whoever walks upwards must end.
        """
        above: str | None = parent
        seen: set[str] = set()
        while above is not None and above not in seen:
            if above == run_id:
                raise single("parent_cycle", "/parent_run_id", "This run is an ancestor of its own parent.")
            seen.add(above)
            above = self._parents.get(above)
        self._parents[run_id] = parent
