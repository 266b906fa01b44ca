"""This file lets you time how telemetry is taken in, beside what the machine could do at best with the same rows."""

import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command

from bench import agents_wall
from bench.agents_ceiling import batches_of, make_tables, rows_stored, seconds_to_copy
from bench.agents_doors import Doors, Ground, make_ground, spans_of
from bench.agents_dropping import fill_month, rows_of_dropping
from bench.agents_load import CONNECTIONS, Sent
from bench.agents_runs import ROWS, RUNS
from bench.agents_spans import SPANS, TRACES
from bench.row import Row
from bench.web import serving

ASKED_ROWS, ASKED_SPANS = 50_000, 20_000


@dataclass(frozen=True)
class Sizes:
    """How much is sent: batches before anything is timed, then batches of runs and of spans in each round; rows of the
    month that is dropped; rows that the wall is timed with."""

    warm: int = 30
    rounds: int = 5
    run_batches: int = 200
    span_rounds: int = 3
    span_batches: int = 100
    dropped: int = 2_000_000
    walled: int = 50_000


def rows(sizes: Sizes = Sizes()) -> Iterator[Row]:
    """All of it. Takes about two minutes, where little else runs."""
    call_command("migrate", verbosity=0)
    make_tables()
    with tempfile.TemporaryDirectory() as folder, serving("config.settings") as web:
        doors = Doors(web, Path(folder))
        warm, first = make_ground("warm"), make_ground("runs-0")
        doors.send_runs(warm, sizes.warm)
        doors.send_spans(warm, sizes.warm)
        before = web.resident()
        yield from _runs(doors, sizes, first)
        yield _of_one_agent(doors, sizes)
        yield from _spans(doors, sizes, packed=False)
        yield from _spans(doors, sizes, packed=True)
        yield from _dropping(doors, sizes)
        yield _growth(before, web.resident())
    yield from agents_wall.rows(first.project_id, sizes.walled)


def _runs(doors: Doors, sizes: Sizes, first: Ground) -> Iterator[Row]:
    """In turns with the ceilings: what else the machine does hits all three. None has to wait until the disk has taken
    what another one wrote."""
    sent, rates, keyed, plain, wrong = [], [], [], [], ""
    for turn in range(sizes.rounds):
        ground = make_ground(f"runs-{turn}") if turn else first
        os.sync()
        sent.append(doors.send_runs(ground, sizes.run_batches))
        stored = rows_stored(ground.project_id)
        wrong = wrong or _wrong(sent[-1], stored, sizes.run_batches * RUNS * ROWS)
        copies = batches_of(ground.project_id, sizes.run_batches)
        rates.append(stored / sent[-1].seconds)
        os.sync()
        keyed.append(stored / seconds_to_copy(copies, "keyed"))
        os.sync()
        plain.append(stored / seconds_to_copy(copies, "plain"))
    rate = statistics.median(rates)
    what = f"runs over HTTP, batches of {RUNS}, {CONNECTIONS} connections"
    yield Row(what, f"≥ {ASKED_ROWS:,} rows/s", wrong or f"{rate:,.0f} rows/s", f"{rate / ASKED_ROWS:.2f}")
    yield Row(f"  a batch of {RUNS * ROWS:,} rows, p50 / p99", "", _latency(sent))
    for told, found in (("with keys and checks", keyed), ("of text without either", plain)):
        ceiling = statistics.median(found)
        yield Row(f"  beside COPY of these rows, tables {told}", "", f"{ceiling:,.0f} rows/s", f"{rate / ceiling:.2f}")


def _of_one_agent(doors: Doors, sizes: Sizes) -> Row:
    """As an agent's own process sends them: a fifth of the counts to add to."""
    grounds = [make_ground(f"alone-{turn}") for turn in range(sizes.rounds)]
    sent = [doors.send_runs(ground, sizes.run_batches, mixed=False) for ground in grounds]
    stored = [rows_stored(ground.project_id) for ground in grounds]
    wrong = _wrong(sent[0], min(stored), sizes.run_batches * RUNS * ROWS)
    rate = statistics.median(number / each.seconds for number, each in zip(stored, sent, strict=True))
    return Row("  the same, each batch of one agent in one version", "", wrong or f"{rate:,.0f} rows/s")


def _spans(doors: Doors, sizes: Sizes, *, packed: bool) -> Iterator[Row]:
    sent, rates, wrong = [], [], ""
    for turn in range(sizes.span_rounds):
        ground = make_ground(f"{'packed' if packed else 'spans'}-{turn}")
        sent.append(doors.send_spans(ground, sizes.span_batches, packed=packed))
        stored = spans_of(ground.project_id)
        wrong = wrong or _wrong(sent[-1], stored, sizes.span_batches * TRACES * SPANS)
        rates.append(stored / sent[-1].seconds)
    rate = statistics.median(rates)
    what = f"OTLP spans until queryable, protobuf{', gzip' if packed else ''}, {CONNECTIONS} connections"
    yield Row(what, f"≥ {ASKED_SPANS:,} spans/s", wrong or f"{rate:,.0f} spans/s", f"{rate / ASKED_SPANS:.2f}")
    yield Row(f"  a batch of {TRACES * SPANS:,} spans, p50 / p99", "", _latency(sent))


def _dropping(doors: Doors, sizes: Sizes) -> Iterator[Row]:
    ground = make_ground("dropping")
    month = fill_month(ground.project_id, datetime.now(UTC), sizes.dropped)
    bodies = doors.bodies_of_runs(2 * sizes.run_batches)
    yield from rows_of_dropping(doors, ground, bodies, month)


def _growth(before: list[float] | None, after: list[float] | None) -> Row:
    what = "a web process at the end of all this, and at its start"
    if before is None or after is None:
        return Row(what, "", "no /proc here")
    return Row(what, "", f"{after[0]:.0f} / {before[0]:.0f} MB")


def _wrong(sent: Sent, stored: int, expected: int) -> str:
    """What spoils the figure; empty when nothing does."""
    return sent.refused or ("" if stored == expected else f"{stored:,} of {expected:,} stored")


def _latency(sent: Sequence[Sent]) -> str:
    """The middle round's."""
    p50, p99 = (statistics.median(each.quantile(share) for each in sent) for share in (0.5, 0.99))
    return f"{p50:.0f} / {p99:.0f} ms"
