"""This file lets you replay headline tests under both policies."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from experiments.replay.alone import alone, keys_to
from experiments.replay.headlines import HeadlineTest
from experiments.replay.in_process import InProcess
from experiments.replay.over_http import OverHttp
from experiments.replay.play import Outcome, play
from experiments.replay.register import PROJECTS, Stage, register

POLICIES = tuple(PROJECTS)


def replay(
    tests: Sequence[HeadlineTest],
    *,
    seed: int,
    visitors: int,
    batch: int,
    url: str | None = None,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, list[Outcome]]:
    """The outcome of each test under each policy. `progress` is called once a policy and round of batches.

    With a `url` it is played over HTTP through the server there, which must be one of this database, both policies at
    the same time; else within this process. Raises AssayError, 409 `replay_under_way` among them.
    """

    def tick() -> None:
        progress()

    with alone():
        stages = [register(tests, policy) for policy in POLICIES]
        if url is None:
            return {
                stage.policy: play(tests, InProcess(stage), seed=seed, visitors=visitors, batch=batch, progress=tick)
                for stage in stages
            }

        def over_http(stage: Stage, key: str) -> list[Outcome]:
            with closing(OverHttp(stage, url, key)) as door:
                return play(tests, door, seed=seed, visitors=visitors, batch=batch, progress=tick)

        projects = [stage.project for stage in stages]
        with keys_to(projects, ["prompts.read", "prompts.write"]) as keys, ThreadPoolExecutor(len(stages)) as pool:
            playing = {
                stage.policy: pool.submit(over_http, stage, key) for stage, key in zip(stages, keys, strict=True)
            }
            return {policy: outcome.result() for policy, outcome in playing.items()}
