"""Exposures, outcomes and executions: queued on disk, sent in batches, without a word of content or a unit's name."""

import asyncio
import signal
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from assay import Assay, AssayError, AssayWarning, AsyncAssay
from assay.core import token
from assay.core.assign import unit_hash
from assay.core.shapes import Arm, Experiment, Version

from tests.sdk.conftest import MakeAssay, run_program
from tests.sdk.twin import KEY, PROJECT_ID, Twin, make_content, make_prompt, make_scores, uuid_of, wait_until

ADA = {"name": "Ada"}
EXPERIMENT = uuid_of(77)

RESOLVE_AND_DIE = """
import os, signal, sys
from assay import Assay
from tests.sdk.patience import be_patient
be_patient()
assay = Assay(sys.argv[1], sys.argv[2], cache_dir=sys.argv[3], send_interval=60)
for number in range(20):
    assay.resolve(category="greeting", variables={"name": "Ada"}, unit=f"unit-{number}")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def trial(twin: Twin) -> Twin:
    """A twin with an experiment on its prompt: half of the units say Hello, half say Hi."""
    prompt = make_prompt()
    control = prompt.versions[0]
    hi = Version(uuid_of(2001), "2.0.0", "text", "Hi {{ name }}", control.variables)
    arms = [Arm(0, control.id, 5000), Arm(1, hi.id, 5000)]
    tried = make_prompt(versions=[control, hi])
    experiment = Experiment(EXPERIMENT, prompt.id, "salt", 10_000, arms)
    twin.publish(make_content(tried, experiments=[experiment]), make_scores())
    return twin


def greet(assay: Assay, unit: str | None = None) -> Any:
    return assay.resolve(category="greeting", variables=ADA, **({"unit": unit} if unit else {}))


def sent(twin: Twin, kind: str) -> list[dict[str, Any]]:
    return list(twin.taken[kind].values())


def test_a_unit_that_meets_its_arm_is_told_of_once(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolutions = {unit: greet(assay, unit) for unit in ("ann", "ben", "cleo", "dan")}
    for unit, resolution in resolutions.items():
        assert greet(assay, unit).experiment == resolution.experiment
    assert {resolution.text for resolution in resolutions.values()} == {"Hello Ada", "Hi Ada"}
    assert assay.flush()
    told = [token.read(item["resolution_id"]) for item in sent(trial, "exposures")]
    assert {(each.unit_hash, each.arm, each.experiment_id) for each in told} == {
        (unit_hash(PROJECT_ID, unit), resolution.experiment.arm, EXPERIMENT) for unit, resolution in resolutions.items()
    }
    assert len(told) == 4


def test_nobody_is_exposed_without_a_unit_or_an_experiment(twin: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    greet(assay), greet(assay, "ann")
    assert assay.flush()
    assert sent(twin, "exposures") == []


def test_an_exposure_outlives_what_it_leads_to(trial: Twin, tmp_path: Path, make_assay: MakeAssay) -> None:
    """The process dies at once, and the next one tells what it had seen."""
    died = run_program(RESOLVE_AND_DIE, trial.url, KEY, str(tmp_path / "cache"))
    assert died.returncode == -signal.SIGKILL, died.stderr
    assay = make_assay()
    assert wait_until(lambda: len(sent(trial, "exposures")) == 20)
    assay.close()


def test_it_tells_outcomes_of_a_resolution_and_of_a_unit(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolution = greet(assay, "ann")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assay.outcome(resolution, "click_through", 1)
    assay.outcome(resolution.resolution_id, "engagement", 3, weight=40)
    assay.outcome("ann", "click_through", 0.0, at=yesterday)
    assert assay.flush()
    first, second, third = [
        {name: value for name, value in item.items() if name != "id"} for item in sent(trial, "outcomes")
    ]
    assert first == {
        "metric": "click_through",
        "value": 1,
        "at": first["at"],
        "resolution_id": resolution.resolution_id,
    }
    assert second == {
        "metric": "engagement",
        "value": 3,
        "weight": 40,
        "at": second["at"],
        "resolution_id": resolution.resolution_id,
    }
    assert third == {
        "metric": "click_through",
        "value": 0.0,
        "at": yesterday.isoformat(),
        "unit_hash": unit_hash(PROJECT_ID, "ann").hex(),
    }


def test_it_tells_what_a_use_took(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolution = greet(assay, "ann")
    assay.execution(resolution, response_time_ms=840, input_tokens=512, cost_usd=Decimal("0.0031"), accuracy=0.9)
    assay.execution(resolution.resolution_id, error_type="rate_limit", environment="production", cost_usd=0.5)
    assert assay.flush()
    first, second = [
        {name: value for name, value in item.items() if name != "id"} for item in sent(trial, "executions")
    ]
    assert first == {
        "resolution_id": resolution.resolution_id,
        "at": first["at"],
        "response_time_ms": 840.0,
        "input_tokens": 512,
        "cost_usd": "0.0031",
        "accuracy": 0.9,
    }
    assert (second["error_type"], second["environment"], second["cost_usd"]) == ("rate_limit", "production", "0.5")


def test_executions_go_before_what_rates_them(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolution = greet(assay, "ann")
    assay.report_engagement(resolution, engagement_rate=0.5)
    assay.outcome(resolution, "user_satisfaction", 0.5)
    assay.execution(resolution, response_time_ms=10)
    assert assay.flush()
    assert [kind for kind, _ in trial.posts] == ["usage", "exposures", "executions", "outcomes", "engagement"]


def test_no_unit_and_no_content_is_on_disk(trial: Twin, make_assay: MakeAssay, folder_of: Callable[[], Path]) -> None:
    assay = make_assay(send_interval=60)
    # Nothing so short that it might stand there by chance, in an id or in a checksum.
    resolution = assay.resolve(category="greeting", variables={"name": "Ada Lovelace"}, unit="ann@example.org")
    assay.outcome("ann@example.org", "click_through", 1)
    assay.outcome(resolution, "click_through", 1)
    with pytest.raises(AssayError) as caught:
        assay.execution(resolution, error_type="the model said ann@example.org is ill-mannered")
    assert caught.value.code == "invalid_execution"
    assert "ill-mannered" not in str(caught.value)
    trial.stop()
    assay.close(timeout=0.2)
    with sqlite3.connect(folder_of() / "outbox.db") as queue:
        assert queue.execute("SELECT count(*) FROM item").fetchone()[0] == 4
    for file in folder_of().glob("outbox.db*"):
        held = file.read_bytes()
        for secret in (b"ann@example", b"Lovelace", b"ill-mannered"):
            assert secret not in held


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ann", "click_through", float("nan")), "invalid_outcome"),
        (("ann", "click_through", float("inf")), "invalid_outcome"),
        (("ann", "click_through", "1"), "invalid_outcome"),
        (("ann", "click_through", True), "invalid_outcome"),
        (("ann", "Click Through", 1), "invalid_outcome"),
        (("", "click_through", 1), "invalid_unit"),
        (("x" * 201, "click_through", 1), "invalid_unit"),
        ((None, "click_through", 1), "invalid_unit"),
    ],
)
def test_an_outcome_that_the_server_would_refuse_is_refused_at_once(
    trial: Twin, make_assay: MakeAssay, arguments: tuple[Any, ...], code: str
) -> None:
    with pytest.raises(AssayError) as caught:
        make_assay().outcome(*arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("weight", [0, -1, float("nan"), "2"])
def test_a_weight_is_above_zero(trial: Twin, make_assay: MakeAssay, weight: Any) -> None:
    with pytest.raises(AssayError, match="weight"):
        make_assay().outcome("ann", "engagement", 1, weight=weight)


def test_a_time_knows_its_zone(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    naive = datetime(2026, 1, 1)
    for tell in (
        lambda: assay.outcome("ann", "engagement", 1, at=naive),
        lambda: assay.execution(greet(assay), at=naive),
        lambda: assay.report_engagement(greet(assay), engagement_rate=0.5, at=naive),
    ):
        with pytest.raises(AssayError) as caught:
            tell()
        assert caught.value.code == "invalid_time"


def test_a_resolution_for_no_unit_has_no_outcome(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay()
    with pytest.raises(AssayError) as caught:
        assay.outcome(greet(assay), "engagement", 1)
    assert caught.value.code == "no_unit"


def test_a_fallback_tells_nothing(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    resolution = assay.resolve(category="unheard-of", unit="ann", fallback="Hello")
    assay.outcome(resolution, "engagement", 1)
    assay.execution(resolution, response_time_ms=1)
    assert assay.flush()
    assert trial.posts == []


def test_a_key_that_may_not_tell_one_thing_still_tells_the_others(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    trial.forbidding = {"outcomes"}
    resolution = greet(assay, "ann")
    assay.outcome(resolution, "click_through", 1)
    assay.report_engagement(resolution, engagement_rate=0.5)
    assert not assay.flush()
    assert (len(sent(trial, "engagement")), len(sent(trial, "outcomes"))) == (1, 0)
    trial.forbidding = set()
    assert assay.flush()
    assert len(sent(trial, "outcomes")) == 1


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
def test_it_is_the_same_with_await(trial: Twin, tmp_path: Path) -> None:
    async def tell() -> None:
        async with AsyncAssay(trial.url, KEY, cache_dir=tmp_path / "cache") as assay:
            resolution = await assay.resolve(category="greeting", variables=ADA, unit="ann")
            await assay.resolve(category="greeting", variables=ADA, unit="ann")
            await assay.outcome(resolution, "click_through", 1)
            await assay.outcome("ann", "click_through", 1)
            await assay.execution(resolution, response_time_ms=5)
            assert await assay.flush()

    asyncio.run(tell())
    assert [len(sent(trial, kind)) for kind in ("exposures", "outcomes", "executions")] == [1, 2, 1]


def test_an_outcome_of_a_unit_waits_for_the_first_bundle(twin: Twin, make_assay: MakeAssay) -> None:
    twin.stop()
    assay = make_assay(start_timeout=0.1)
    assay.outcome("ann", "engagement", 1)
    assert not assay.flush()
    twin.start()
    assert wait_until(lambda: sent(twin, "outcomes"))
    (item,) = sent(twin, "outcomes")
    assert item["unit_hash"] == unit_hash(PROJECT_ID, "ann").hex()


def test_what_the_server_rejects_is_dropped_with_a_warning(trial: Twin, make_assay: MakeAssay) -> None:
    assay = make_assay(send_interval=60)
    trial.rejecting = {"no_such_metric"}
    greet(assay)
    assay.outcome("ann", "no_such_metric", 1)
    assay.outcome("ann", "click_through", 1)
    with pytest.warns(AssayWarning, match="rejected 1 of 2 outcomes"):
        assert assay.flush()
    assert len(sent(trial, "outcomes")) == 1
