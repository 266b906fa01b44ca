"""This file lets you replay headline tests under both policies."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta

from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from experiments.replay.headlines import HeadlineTest
from experiments.replay.in_process import InProcess
from experiments.replay.over_http import OverHttp
from experiments.replay.play import Outcome, play
from experiments.replay.register import PROJECTS, Stage, register
from sentinel.create_key import create_key
from sentinel.models import ApiKey

POLICIES = tuple(PROJECTS)
# Of no meaning but that no other lock of ours has it.
LOCK = 4_153_534_160
LONGEST = timedelta(hours=12)


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

    with _alone():
        stages = [register(tests, policy) for policy in POLICIES]
        if url is None:
            return {
                stage.policy: play(tests, InProcess(stage), seed=seed, visitors=visitors, batch=batch, progress=tick)
                for stage in stages
            }

        def over_http(stage: Stage, key: str) -> list[Outcome]:
            with closing(OverHttp(stage, url, key)) as door:
                return play(tests, door, seed=seed, visitors=visitors, batch=batch, progress=tick)

        with _keys(stages) as keys, ThreadPoolExecutor(len(stages)) as pool:
            playing = {stage.policy: pool.submit(over_http, stage, keys[stage.policy]) for stage in stages}
            return {policy: outcome.result() for policy, outcome in playing.items()}


@contextmanager
def _alone() -> Iterator[None]:
    """Two replays at once would spoil each other's projects."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (held,) = cursor.fetchone() or (False,)
    if not held:
        raise AssayError("replay_under_way", "Another replay is under way on this database.", status=409)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _keys(stages: Sequence[Stage]) -> Iterator[dict[str, str]]:
    """A key for each stage, that opens it while this lasts."""
    maker = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if maker is None:
        raise AssayError("no_superuser", "A replay over HTTP needs keys, and there is no superuser to make them for.")
    made, keys = [], {}
    for stage in stages:
        key, keys[stage.policy] = create_key(
            project=stage.project,
            made_by=maker,
            permissions=["prompts.read", "prompts.write"],
            name="Replay",
            expires_at=timezone.now() + LONGEST,
        )
        made.append(key.pk)
    try:
        yield keys
    finally:
        ApiKey.objects.filter(pk__in=made).update(revoked_at=timezone.now())
