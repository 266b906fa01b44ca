"""Executions, ratings and reports of the same uses, sent by many at once to two processes: each counts once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from django.db.models import Sum

from experiments.execution_days import SUMS
from experiments.models import Execution, ExecutionDay, Outcome
from tests.conftest import Person
from tests.experiments.cast import make_experiment
from tests.experiments.test_serving_an_experiment import resolve
from tests.live import serving

UNITS = 40


def test_nothing_waits_for_ever_and_nothing_counts_twice(transactional_db: None, mia: Person, tmp_path: Path) -> None:
    make_experiment(mia)
    resolutions = [resolve(mia, f"unit-{number}")["resolution_id"] for number in range(UNITS)]
    uses = [
        {"id": str(uuid4()), "resolution_id": each, "response_time_ms": 100, "accuracy": 0.5} for each in resolutions
    ]
    ratings = [
        {"id": str(uuid4()), "resolution_id": each, "metric": "user_satisfaction", "value": 0.25}
        for each in resolutions
    ]
    reports = [{"id": str(uuid4()), "resolution_id": each, "likes": 1, "impressions": 4} for each in resolutions]

    with serving(tmp_path) as address:

        def post(sent: tuple[str, list[dict[str, Any]]]) -> int:
            kind, items = sent
            headers = {"X-API-Key": mia.key, "Content-Type": "application/json"}
            body = msgspec.json.encode({"items": items})
            answer = httpx.post(f"{address}/api/v1/{kind}", content=body, headers=headers, timeout=240)
            assert answer.status_code == 200, answer.text
            return int(answer.json()["accepted"])

        with ThreadPoolExecutor(8) as pool:
            # First the uses, so that whatever rates them finds them; then all of it at once, in both directions.
            assert set(pool.map(post, [("executions", uses), ("executions", uses[::-1])])) == {UNITS}
            at_once = [
                batch
                for items, kind in ((uses, "executions"), (ratings, "outcomes"), (reports, "engagement"))
                for batch in ((kind, items), (kind, items[::-1]))
            ]
            assert set(pool.map(post, at_once * 2)) == {UNITS}
        # Before it is stopped, which may break off anything.
        assert "Traceback" not in (tmp_path / "server.log").read_text()

    assert Execution.objects.filter(user_satisfaction=0.25, engagements=1.0, impressions=4.0).count() == UNITS
    totals = ExecutionDay.objects.aggregate(**{f"all_{name}": Sum(name) for name in SUMS})
    assert totals["all_executions"] == totals["all_user_satisfaction_rated"] == totals["all_accuracy_rated"] == UNITS
    assert totals["all_user_satisfaction"] == pytest.approx(UNITS * 0.25)
    assert (totals["all_engagements"], totals["all_impressions"]) == (UNITS, UNITS * 4)
    assert Outcome.objects.filter(metric__slug="accuracy").count() == UNITS
