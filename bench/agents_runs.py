"""This file lets you make batches of runs as an agent's SDK would send them: eleven rows each, no two alike."""

import random
from datetime import datetime, timedelta
from itertools import product

from assay.core.codes import REASONS, SIGNALS

RUNS = 100
AGENTS, VERSIONS = 5, 2
STEPS = ("plan", "retrieve", "model", "tool", "respond")
MODELS = ("model-large", "model-small")
DECISIONS, SIGNALS_EACH = 3, 2
ROWS = 1 + len(STEPS) + DECISIONS + SIGNALS_EACH
_REASONS = [pair for kind, reasons in REASONS.items() for pair in product([kind], reasons)]
_SIGNALS = [pair for kind, codes in SIGNALS.items() for pair in product([kind], codes)]


def batch_of_runs(source: random.Random, now: datetime, runs: int = RUNS, *, mixed: bool = True) -> bytes:
    """The body of one batch: finished runs that began within the last hour. All of one agent, unless `mixed`."""
    one = _whose(source)
    return b'{"items":[%s]}' % b",".join(_run(source, now, _whose(source) if mixed else one) for _ in range(runs))


def _whose(source: random.Random) -> str:
    return f'"agent_id":"agent-{source.randrange(AGENTS)}","agent_version":"1.{source.randrange(VERSIONS)}.0"'


def _run(source: random.Random, now: datetime, whose: str) -> bytes:
    began = now - timedelta(seconds=source.uniform(5, 3600))
    times = [began + timedelta(milliseconds=50 * place) for place in range(len(STEPS) + 1)]
    steps = ",".join(_step(source, place, kind, times) for place, kind in enumerate(STEPS))
    decisions = ",".join(_decision(source, times[1]) for _ in range(DECISIONS))
    signals = ",".join(_signal(source, times[-1]) for _ in range(SIGNALS_EACH))
    status = "failure" if source.random() < 0.1 else "success"
    return (
        f'{{"run_id":"run-{source.getrandbits(64):016x}",{whose},"environment":"production","status":"{status}",'
        f'"started_at":"{_at(began)}","ended_at":"{_at(times[-1])}","session_id":"session-{source.randrange(1000)}",'
        f'"tokens_in":{source.randrange(4000)},"tokens_out":{source.randrange(900)},'
        f'"cost_usd":{source.randrange(1, 90) / 1000},"metadata":{{"region":"eu-1","queue_ms":{source.randrange(90)}}},'
        f'"steps":[{steps}],"decisions":[{decisions}],"quality_signals":[{signals}]}}'
    ).encode()


def _step(source: random.Random, place: int, kind: str, times: list[datetime]) -> str:
    used = ""
    if kind == "model":
        used = (
            f',"model":"{source.choice(MODELS)}","tokens_in":{source.randrange(4000)},'
            f'"tokens_out":{source.randrange(900)}'
        )
    return (
        f'{{"step_id":"s{place}","step_type":"{kind}","name":"{kind}.documents","status":"success",'
        f'"started_at":"{_at(times[place])}","ended_at":"{_at(times[place + 1])}"{used}}}'
    )


def _decision(source: random.Random, at: datetime) -> str:
    kind, reason = source.choice(_REASONS)
    return (
        f'{{"decision_type":"{kind}","selected":"choice-{source.randrange(5)}",'
        f'"candidates":["choice-0","choice-1","choice-2"],"reason_code":"{reason}",'
        f'"confidence":{source.randrange(100) / 100},"step_id":"s0","at":"{_at(at)}"}}'
    )


def _signal(source: random.Random, at: datetime) -> str:
    kind, code = source.choice(_SIGNALS)
    value = "true" if source.random() < 0.7 else "false"
    return (
        f'{{"signal_type":"{kind}","signal_code":"{code}","value":{value},"weight":{source.randrange(100) / 100},'
        f'"step_id":"s3","at":"{_at(at)}"}}'
    )


def _at(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
