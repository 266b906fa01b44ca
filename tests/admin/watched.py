"""Agents that were watched: runs of all kinds that a page may have to show."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from agents.models import Run
from agents.store_runs import Stored, store_runs
from agents.telemetry import facts
from sentinel.models import Project

MINUTE = timedelta(minutes=1)


def make_run(run_id: str, began_at: datetime | None = None, **given: Any) -> facts.Run:
    """A run of RAFA that succeeded an hour ago."""
    began_at = began_at or timezone.now() - timedelta(hours=1)
    usual = {"agent_id": "RAFA", "agent_version": "1.0.0", "environment": "production", "status": "success"}
    took = given.get("latency_ms", 1200.0)
    ended = began_at + timedelta(milliseconds=took) if took is not None else None
    if given.get("status") == "running":
        took = ended = None
    return facts.Run(
        **(usual | {"run_id": run_id, "started_at": began_at, "ended_at": ended, "latency_ms": took} | given)
    )


def keep(project: Project, *runs: facts.Run) -> dict[str, Run]:
    """Each run stored as a group of its own; by their ids."""
    groups = [facts.Group(run.run_id, run.started_at, [run]) for run in runs]
    stored = store_runs(project_id=project.pk, groups=groups, merge=lambda before, sent: sent)
    assert all(isinstance(it, Stored) for it in stored), stored
    names = [run.run_id for run in runs]
    return {run.run_id: run for run in Run.objects.in_project(project.pk).filter(run_id__in=names)}


def step(kind: str, name: str | None, at: float, took: float | None, run: facts.Run, **given: Any) -> facts.Step:
    """A step that began so many milliseconds after its run and took so many."""
    start = run.started_at + timedelta(milliseconds=at)
    number = len(run.steps)
    made = facts.Step(
        step_id=given.pop("step_id", str(number)),
        step_type=kind,
        name=name,
        seq=number,
        started_at=start,
        ended_at=None if took is None else start + timedelta(milliseconds=took),
        latency_ms=took,
        **given,
    )
    run.steps.append(made)
    return made


def make_detailed(began_at: datetime, *, version_id: UUID | None = None, parent: str | None = None) -> facts.Run:
    """One with nested steps, a failure that was retried, decisions and signals."""
    run = make_run(
        "campaign-0412-draft",
        began_at,
        agent_version="1.1.0",
        status="partial",
        latency_ms=8420.0,
        parent_run_id=parent,
        session_id="campaign-0412",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id="00f067aa0ba902b7",
        tokens_in=5312,
        tokens_out=948,
        tokens_cached=2048,
        cost_usd=Decimal("0.01834"),
        trial=facts.Trial(version_id) if version_id else None,
        metadata={"region": "eu-west-1", "retries": 1, "cached": True},
        steps=[],
    )
    step("plan", "outline", 0, 620, run)
    step("retrieve", "gather", 640, 2100, run, step_id="gather")
    step("tool", "photo_search", 660, 900, run, step_id="search", parent_step_id="gather", status="failure")
    step(
        "tool",
        "photo_search",
        1600,
        1080,
        run,
        step_id="again",
        parent_step_id="gather",
        metadata={"attempt": 2, "index": "photos-v3"},
    )
    trial = facts.Trial(version_id) if version_id else None
    step(
        "model",
        "write",
        2760,
        4100,
        run,
        step_id="write",
        model="gpt-5-mini",
        tokens_in=3200,
        tokens_out=760,
        trial=trial,
    )
    step("validate", "check_schema", 6880, 140, run, step_id="check")
    step("handoff", "ATLAS", 7040, 60, run)
    step("respond", None, 7120, 1280, run, tokens_in=2112, tokens_out=188, model="gpt-5-mini")
    run.failures = [facts.Failure(own_id="f1", failure_type="tool", code="http_503", step_id="search")]
    run.decisions = [
        facts.Decision(
            own_id="d1",
            decision_type="tool_selection",
            selected="photo_search",
            candidates=["photo_search", "stock_api", "none"],
            reason_code="fresh_data_required",
            confidence=0.82,
            step_id="gather",
        ),
        facts.Decision(
            own_id="d2",
            decision_type="retry_strategy",
            selected="retry",
            reason_code="transient_error_detected",
            confidence=0.95,
            step_id="search",
        ),
        facts.Decision(
            own_id="d3", decision_type="orchestration_path", selected="short", reason_code="sequential_required"
        ),
    ]
    run.signals = [
        facts.Signal(own_id="s1", signal_type="tool_failure", signal_code="unavailable", value=True, step_id="search"),
        facts.Signal(
            own_id="s2", signal_type="tool_success", signal_code="after_retry", value=True, step_id="again", weight=0.6
        ),
        facts.Signal(own_id="s3", signal_type="schema_valid", signal_code="full_match", value=False, step_id="check"),
        facts.Signal(own_id="s4", signal_type="token_usage", signal_code="high_usage", value=True),
    ]
    return run


def make_looping(began_at: datetime) -> facts.Run:
    """One that searched and read, seven times in a row, and then timed out."""
    run = make_run(
        "looping-run", began_at, status="failure", latency_ms=30_000.0, loop_length=2, loop_repeats=7, steps=[]
    )
    step("plan", "outline", 0, 400, run)
    for round_ in range(7):
        step("retrieve", "search", 500 + round_ * 4000, 1500, run)
        step("model", "read", 2100 + round_ * 4000, 2300, run, model="gpt-5-mini", tokens_in=900, tokens_out=40)
    run.failures = [facts.Failure(own_id="f1", failure_type="timeout", code="deadline_exceeded")]
    return run


def make_long(began_at: datetime, steps: int = 2500) -> facts.Run:
    """One of many steps, some of which failed."""
    chance = random.Random(3)
    run = make_run("long-run", began_at, agent_id="ATLAS", latency_ms=steps * 40.0, steps=[])
    for number in range(steps):
        kind = ["plan", "tool", "model", "tool", "validate"][number % 5]
        status = "failure" if number % 611 == 610 else "success"
        step(kind, f"{kind}_{chance.randrange(9)}", number * 40, 38.0, run, status=status)
    return run


def make_untimed(began_at: datetime) -> list[facts.Run]:
    """One whose steps say how long they took and not when, and one whose steps say neither."""
    lengths = make_run("lengths-alone", began_at, agent_id="SENTINEL", latency_ms=900.0)
    lengths.steps = [
        facts.Step(step_id=str(seq), step_type="tool", name=f"scan_{seq}", seq=seq, latency_ms=took)
        for seq, took in enumerate([120.0, 410.0, 75.0, 260.0])
    ]
    silent = make_run("no-times", began_at, agent_id="SENTINEL", latency_ms=None)
    silent.steps = [facts.Step(step_id=str(seq), step_type="other", name=f"part_{seq}", seq=seq) for seq in range(3)]
    return [lengths, silent]


def make_traffic(now: datetime, many: int, seed: int = 7) -> list[facts.Run]:
    """So many runs of four agents over three weeks: a new version of RAFA fails less and takes longer."""
    chance = random.Random(seed)
    runs = []
    for number in range(many):
        # Most of them lately, and NOVA calls the others.
        began_at = now - timedelta(days=21) * chance.random() ** 1.6 - 2 * MINUTE
        agent = chance.choices(["RAFA", "ATLAS", "NOVA", "REX"], [5, 3, 3, 1])[0]
        newer = chance.random() < 0.5 and agent == "RAFA"
        failed = chance.random() < (0.06 if newer else 0.16)
        took = chance.lognormvariate(8.2 if newer else 7.6, 0.6)
        tokens = chance.randrange(400, 6000)
        run = make_run(
            f"run-{number:05d}",
            began_at,
            agent_id=agent,
            agent_version="1.1.0" if newer else "1.0.0",
            environment=chance.choices(["production", "staging"], [4, 1])[0],
            status="failure" if failed else "partial" if chance.random() < 0.05 else "success",
            latency_ms=round(took, 1),
            tokens_in=tokens,
            tokens_out=tokens // 6,
            cost_usd=Decimal(tokens) / 400_000,
            parent_run_id=f"run-{chance.randrange(number):05d}"
            if number > 20 and agent != "NOVA" and chance.random() < 0.6
            else None,
        )
        run.steps = [
            facts.Step(step_id="0", step_type="tool", name="search", seq=0, started_at=began_at, latency_ms=took / 3),
            facts.Step(step_id="1", step_type="model", name="write", seq=1, latency_ms=took / 2, model="gpt-5-mini"),
        ]
        if failed:
            kind, code = chance.choice(
                [("tool", "http_503"), ("timeout", "deadline_exceeded"), ("model", "overloaded")]
            )
            run.failures = [facts.Failure(own_id="f", failure_type=kind, code=code, step_id="0")]
        reason = chance.choice(["fresh_data_required", "cached_data_sufficient"] + ["tool_unavailable"] * 3 * failed)
        run.decisions = [
            facts.Decision(
                own_id="d",
                decision_type="tool_selection",
                selected="search",
                reason_code=reason,
                confidence=round(chance.random(), 2),
                step_id="0",
            )
        ]
        if chance.random() < 0.4 or failed:
            retry = "backoff_required" if failed else "transient_error_detected"
            run.decisions.append(
                facts.Decision(own_id="r", decision_type="retry_strategy", selected="retry", reason_code=retry)
            )
        run.signals = [
            facts.Signal(
                own_id="s",
                signal_type="tool_success",
                signal_code="first_attempt",
                value=not failed or chance.random() < 0.3,
            ),
            facts.Signal(
                own_id="t", signal_type="latency_threshold", signal_code="exceeded_threshold", value=took > 4000
            ),
        ]
        runs.append(run)
    return runs


def page_of(run: Run) -> str:
    return reverse("admin:agents_run_change", args=[run.pk])
