"""Watch the vault learn: twelve real tests, played through the running server."""

import urllib.error
import urllib.request
from pathlib import Path
from textwrap import dedent
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from experiments import replay

FILE = Path(replay.__file__).parent / "twelve_tests.csv"
VISITORS = 6_000
BATCH = 100

BEFORE = f"""
    Twelve real headline tests, played again through the server at {{url}}

    Each test is a context of the vault, and each of its headlines a prompt. {VISITORS:,} visitors come to
    each test. For every one of them the server is asked which headline to show (POST /api/v1/resolve);
    the visitor clicks as often as that headline was really clicked; and after each {BATCH} of a test the
    clicks are reported (POST /api/v1/engagement). The next {BATCH} come when the vault chooses by them. Both
    selection policies play at the same time, in a project each: `score`, where the highest score serves,
    and `thompson`, a draw from what each prompt may be worth.

"""
AFTER = """
    The vault knew nothing at first, and was told no more than an application can tell. Eight of these
    twelve tests have headlines that truly differ; in the other four they hardly do, and the share of the
    gap is mostly luck. `score` starts every prompt at 5 of 10, far above any click rate, so it tries all
    in turn until they have come down, and only then stays with the best. `thompson` leans towards the
    better ones from the first report on, and still asks the others now and then. The same seed gives the
    same numbers on any machine; docs/demo.md has the whole story.

    What they learned is to be seen at {url}/admin/, in the projects
    `Replay, score` and `Replay, thompson`. The figures are quoted from the Upworthy Research Archive
    (Matias, Munger, Le Quere, Ebersole 2021, Scientific Data 8:195).
"""


class Command(BaseCommand):
    help = "Play twelve real headline tests through the running server, and see what the vault's choice earns."

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.ASSAY_URL
        if not _answers(url):
            raise CommandError(
                f"No Assay answers at {url}. Start it with `make run` in another terminal, then run `make demo` again."
            )
        self.stdout.write(dedent(BEFORE.format(url=url)))
        self.stdout.flush()
        call_command("replay", str(FILE), visitors=VISITORS, batch=BATCH, url=url, stdout=self.stdout)
        self.stdout.write(dedent(AFTER.format(url=url)))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:  # noqa: S310 - the address is our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
