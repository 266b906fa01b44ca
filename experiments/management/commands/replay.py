"""Play real headline tests again, and see what the vault's choice would have earned."""

from argparse import ArgumentParser
from pathlib import Path
from textwrap import wrap
from typing import Any

from assay.core.errors import AssayError
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from experiments.replay.headlines import HeadlineTest, read_tests
from experiments.replay.run import POLICIES, replay
from experiments.replay.tell import conclude, tell


class Command(BaseCommand):
    help = "Play the tests of a headline file as visitors would have met them, under both selection policies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="with test_id, arm, impressions, clicks")
        parser.add_argument("--visitors", type=int, default=20_000, help="of each test (20,000)")
        parser.add_argument("--batch", type=int, default=100, help="visitors of a test between two reports (100)")
        parser.add_argument(
            "--seed", type=int, default=1, help="what all of the result depends on, beside the file (1)"
        )
        parser.add_argument("--url", help="play over HTTP through the server there, which serves this same database")

    def handle(self, *args: Any, **options: Any) -> None:
        visitors, batch = options["visitors"], options["batch"]
        if not 1 <= batch <= visitors <= 10_000_000:
            raise CommandError("--visitors is a number from 1 to 10,000,000, and --batch is not above it.")
        try:
            tests = self._tests(options["file"], options["seed"])
            with tqdm(total=-(-visitors // batch) * len(POLICIES), unit="round", mininterval=0.5) as bar:
                outcomes = replay(
                    tests,
                    seed=options["seed"],
                    visitors=visitors,
                    batch=batch,
                    url=options["url"],
                    progress=bar.update,
                )
        except AssayError as error:
            raise CommandError(error.detail) from None
        self.stdout.write("\n".join([*tell(outcomes), "", *wrap(conclude(outcomes), 100)]))

    def _tests(self, file: Path, seed: int) -> list[HeadlineTest]:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return read_tests(lines, seed)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}.") from None
