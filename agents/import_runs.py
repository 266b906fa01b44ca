"""This file lets you import transcripts of agents as runs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError
from assay.core.privacy import is_code

from agents.namer_of import namer_of
from agents.record_runs import Recorded, record_runs
from agents.transcripts.read_transcripts import read_transcripts
from agents.transcripts.tell_run import tell_run

RUNS_AT_ONCE = 100
# Of an agent's name in the id of a run, beside a digest: in letters.
MOST_OF_NAME = 40


@dataclass(frozen=True)
class Ran:
    """Who ran what is told of: codes."""

    agent_id: str
    agent_version: str
    environment: str


@dataclass
class Imported:
    """How many runs were `stored`, `updated` or a `duplicate`, and why others were refused, by their number from 1."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: dict[int, AssayError] = field(default_factory=dict)


def import_runs(
    *,
    project_id: UUID,
    path: Path,
    ran: Ran,
    begin: datetime,
    every: timedelta,
    progress: Callable[[int], object] = lambda runs: None,
) -> Imported:
    """Store a run for each transcript in the file, the first at `begin` and the next ones `every` so long after it.

    A transcript says no times. A run that is stored already stays as it is: the same task and trial of the same agent
    and version. Raises AssayError for a file that cannot be read to its end; what came before is stored.
    """
    code = namer_of(project_id).code
    told = Imported()
    transcripts = enumerate(read_transcripts(path))
    while batch := list(islice(transcripts, RUNS_AT_ONCE)):
        runs: dict[int, bytes] = {}
        for place, transcript in batch:
            try:
                run = tell_run(transcript, code)
                run |= {"run_id": _run_id(ran, run["run_id"]), "started_at": begin + place * every}
                runs[place] = msgspec.json.encode(run | _who(ran))
            except AssayError as error:
                told.refused[place + 1] = error
            except OverflowError:
                told.refused[place + 1] = AssayError("time_out_of_range", "No calendar has the day when this began.")
        for place, one in zip(runs, record_runs(project_id=project_id, items=list(runs.values())), strict=True):
            if isinstance(one, Recorded):
                told.counts[one.result] += 1
            else:
                told.refused[place + 1] = one
        progress(len(batch))
    return told


def _run_id(ran: Ran, transcript: str) -> str:
    """`<agent>:<version>:<transcript>`; with a digest in place of the version where that would be too long for a code,
    or where a `:` in a name could make it another agent's."""
    run_id = f"{ran.agent_id}:{ran.agent_version}:{transcript}"
    if is_code(run_id) and run_id.count(":") == 2:
        return run_id
    digest = sha256(f"{ran.agent_id} {ran.agent_version}".encode()).hexdigest()[:16]
    return f"{ran.agent_id[:MOST_OF_NAME]}:{digest}:{transcript}"


def _who(ran: Ran) -> dict[str, Any]:
    return {"agent_id": ran.agent_id, "agent_version": ran.agent_version, "environment": ran.environment}
