"""Watch the vault learn and experiments decide: real tests, played through the running server."""

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
# Fewer visitors would leave most experiments open, and more tests make the demo long.
TRIED, TRIED_VISITORS, TRIED_BATCH = 4, 12_000, 500

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

    But what is chosen is not proven. An experiment can do that: now the first {tried} tests run as experiments,
    a prompt each, with a version for each headline; the first one, named by lot, is the control. {visitors:,}
    visitors come to each. The bundle is fetched (GET /api/v1/bundle), each visitor's arm is found in this
    process, as in any application with the SDK, and what was seen is sent in batches (POST /api/v1/outcomes and
    /exposures). After each {batch} the experiment is looked at, and its verdict acted upon: a worse headline is
    taken out, a better one becomes `production` for everybody, by itself.

"""
AT_LAST = """
    `took`: visitors until the verdict, all of them where there is none yet. `lost`: the clicks that it cost, until
    then and after it, against showing everybody the best headline. These verdicts may be looked at as often as
    one likes, and hold all the same: that costs visitors. Who wants the clicks takes `thompson`; who has to
    know, and to be able to take it back, an experiment.

    All of it is to be seen at {url}/admin/, in the projects `Replay, score`,
    `Replay, thompson` and `Replay, experiment`. The figures are quoted from the Upworthy Research Archive
    (Matias, Munger, Le Quere, Ebersole 2021, Scientific Data 8:195).
"""


class Command(BaseCommand):
    help = (
        "Play real headline tests through the running server: what the vault's choice earns, what experiments decide."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.ASSAY_URL
        if not _answers(url):
            raise CommandError(
                f"No Assay answers at {url}. Start it with `make run` in another terminal, then run `make demo` again."
            )
        self.stdout.write(dedent(BEFORE.format(url=url)))
        self.stdout.flush()
        call_command("replay", str(FILE), visitors=VISITORS, batch=BATCH, url=url, stdout=self.stdout)
        told = AFTER.format(tried=TRIED, visitors=TRIED_VISITORS, batch=TRIED_BATCH)
        self.stdout.write(dedent(told))
        self.stdout.flush()
        call_command(
            "replay",
            str(FILE),
            experiment=True,
            tests=TRIED,
            visitors=TRIED_VISITORS,
            batch=TRIED_BATCH,
            url=url,
            stdout=self.stdout,
        )
        self.stdout.write(dedent(AT_LAST.format(url=url)))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:  # noqa: S310 - the address is our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
