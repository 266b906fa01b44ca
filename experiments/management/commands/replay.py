"""Play real headline tests again, and see what the vault's choice would have earned."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from assay.core.errors import AssayError
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from experiments.replay.headlines import HeadlineTest, read_tests
from experiments.replay.run import POLICIES, replay
from experiments.replay.run_experiments import replay_experiments
from experiments.replay.tell import conclude, tell
from experiments.replay.tell_experiments import conclude_trials, tell_trials


class Command(BaseCommand):
    help = "Play the tests of a headline file as visitors would have met them, under both policies or as experiments."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="with test_id, arm, impressions, clicks")
        parser.add_argument("--visitors", type=int, default=20_000, help="of each test (20,000)")
        parser.add_argument(
            "--batch",
            type=int,
            help="visitors of a test between two reports (100), or two looks at an experiment (500)",
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="what all of the result depends on, beside the file (1)"
        )
        parser.add_argument(
            "--experiment", action="store_true", help="as experiments: a prompt a test, with a version for each arm"
        )
        parser.add_argument("--tests", type=int, help="play only so many tests, the first ones of the file")
        parser.add_argument("--url", help="play over HTTP through the server there, which serves this same database")

    def handle(self, *args: Any, **options: Any) -> None:
        played = _play_experiments if options["experiment"] else _play_policies
        visitors = options["visitors"]
        # A look at an experiment passes over all its units, and a verdict hardly changes from visitor to visitor.
        batch = options["batch"]
        if batch is None:
            batch = min(500 if options["experiment"] else 100, visitors)
        if not 1 <= batch <= visitors <= 10_000_000:
            raise CommandError("--visitors is a number from 1 to 10,000,000, and --batch is not above it.")
        if options["tests"] is not None and options["tests"] < 1:
            raise CommandError("--tests is a number from 1 on.")
        try:
            tests = self._tests(options["file"], options["seed"])[: options["tests"]]
            lines = played(tests, seed=options["seed"], visitors=visitors, batch=batch, url=options["url"])
        except AssayError as error:
            raise CommandError(error.detail) from None
        self.stdout.write("\n".join(lines))

    def _tests(self, file: Path, seed: int) -> list[HeadlineTest]:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return read_tests(lines, seed)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}.") from None


def _play_policies(
    tests: Sequence[HeadlineTest], *, seed: int, visitors: int, batch: int, url: str | None
) -> list[str]:
    with tqdm(total=-(-visitors // batch) * len(POLICIES), unit="round", mininterval=0.5) as bar:
        outcomes = replay(tests, seed=seed, visitors=visitors, batch=batch, url=url, progress=bar.update)
    return [*tell(outcomes), "", *wrap(conclude(outcomes), 100)]


def _play_experiments(
    tests: Sequence[HeadlineTest], *, seed: int, visitors: int, batch: int, url: str | None
) -> list[str]:
    with tqdm(total=-(-visitors // batch), unit="round", mininterval=0.5) as bar:
        trials = replay_experiments(tests, seed=seed, visitors=visitors, batch=batch, url=url, progress=bar.update)
    return [*tell_trials(trials), "", *wrap(conclude_trials(trials), 100)]
