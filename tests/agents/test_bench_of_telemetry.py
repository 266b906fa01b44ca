"""What the benchmarks of telemetry send is taken, all of it: or they would time refusals."""

import random
import time
from datetime import UTC, datetime

import pytest
from django.test import Client

from bench.agents_ceiling import batches_of, rows_stored
from bench.agents_doors import Ground, make_ground, spans_of
from bench.agents_runs import ROWS, batch_of_runs
from bench.agents_spans import SPANS, batch_of_spans

pytestmark = pytest.mark.django_db

RUNS, TRACES = 7, 3


@pytest.fixture
def ground() -> Ground:
    return make_ground("bench")


def post_runs(client: Client, ground: Ground) -> None:
    body = batch_of_runs(random.Random(2), datetime.now(UTC), RUNS)
    answer = client.post(
        "/api/v1/runs/batch", body, content_type="application/json", headers={"Authorization": ground.key}
    )
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (RUNS, [])


def test_it_sends_runs_of_which_every_row_is_stored(client: Client, ground: Ground) -> None:
    post_runs(client, ground)
    assert rows_stored(ground.project_id) == RUNS * ROWS


def test_it_copies_the_very_rows_that_were_stored(client: Client, ground: Ground) -> None:
    post_runs(client, ground)
    copies = batches_of(ground.project_id, 2)
    assert sum(rows.count(b"\n") for batch in copies for rows in batch.values()) == RUNS * ROWS
    assert all(batch["agents_step"] for batch in copies)


def test_it_sends_spans_each_of_which_is_a_run_or_a_step(client: Client, ground: Ground) -> None:
    body = batch_of_spans(random.Random(2), time.time_ns(), TRACES)
    answer = client.post(
        "/otlp/v1/traces", body, content_type="application/x-protobuf", headers={"Authorization": ground.key}
    )
    assert answer.status_code == 200
    assert spans_of(ground.project_id) == TRACES * SPANS
