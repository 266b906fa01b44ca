"""This file lets you replay headline tests as experiments."""

from collections.abc import Callable, Sequence
from contextlib import closing

from experiments.replay.alone import alone, keys_to
from experiments.replay.headlines import HeadlineTest
from experiments.replay.laboratory import Laboratory, Line
from experiments.replay.lines import LineInProcess, LineOverHttp
from experiments.replay.set_up import set_up
from experiments.replay.try_out import Trial, try_out


def replay_experiments(
    tests: Sequence[HeadlineTest],
    *,
    seed: int,
    visitors: int,
    batch: int,
    url: str | None = None,
    progress: Callable[[], object] = lambda: None,
) -> list[Trial]:
    """What an experiment on each test came to, looked at after each batch of its visitors, and acted upon by itself.

    With a `url`, what is served and what was seen go through the server there, which must be one of this database;
    else all of it happens within this process. Raises AssayError, 409 `replay_under_way` among them.
    """
    with alone():
        ground = set_up(tests, seed=seed, visitors=visitors)

        def play(line: Line) -> list[Trial]:
            lab = Laboratory(ground, line, visitors=visitors)
            return try_out(tests, lab, seed=seed, visitors=visitors, batch=batch, progress=progress)

        if url is None:
            return play(LineInProcess(ground.project.pk))
        with (
            keys_to([ground.project], ["prompts.read", "experiments.write"]) as (key,),
            closing(LineOverHttp(url, key)) as line,
        ):
            return play(line)
