"""The door of any application: HTTP, through a running server, with a key."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from assay.core.errors import AssayError
from assay.core.load import load_scores

from config.ids import uuid7
from experiments.replay.headlines import HeadlineTest
from experiments.replay.play import Earned
from experiments.replay.register import CATEGORY, Stage
from experiments.replay.server import Server

PATIENCE = 30.0
PAUSE = 0.05
MOST_ITEMS = 1000


class _Resolved(msgspec.Struct):
    class Prompt(msgspec.Struct):
        id: str

    prompt: Prompt
    revision: str


class OverHttp:
    """Resolves one visitor after the other over one connection, and reports in batches. See `play.Door`.

    Raises AssayError when the server cannot be reached, refuses, or does not serve what was reported within half a
    minute.
    """

    def __init__(self, stage: Stage, url: str, key: str) -> None:
        self.stage = stage
        self.positions = {
            str(prompt_id): position for ids in stage.prompts.values() for position, prompt_id in enumerate(ids)
        }
        self.server = Server(url, key)
        self.decoder = msgspec.json.Decoder(_Resolved)
        self.impressions = dict.fromkeys(self.positions, 0)
        self.revision = self._served_revision()

    def choose(self, test: HeadlineTest, units: Sequence[str]) -> list[int]:
        """The position of the arm that serves each unit."""
        return [self._choose(test, unit) for unit in units]

    def _choose(self, test: HeadlineTest, unit: str) -> int:
        body = msgspec.json.encode({"category": CATEGORY, "vertical": test.id, "unit": unit})
        deadline = time.monotonic() + PATIENCE
        while True:
            resolved = self.decoder.decode(self.server.ask("POST", "/resolve", body))
            if resolved.revision == self.revision:
                return self.positions[resolved.prompt.id]
            # Another process of the server, that has not looked yet, or has looked again since.
            if time.monotonic() > deadline:
                raise AssayError("replay_disturbed", "The project changes while it is played in.", status=409)
            time.sleep(PAUSE)

    def report(self, earned: Sequence[Earned]) -> None:
        """Report what was earned, and wait until the served scores hold all of it."""
        items: list[dict[str, Any]] = []
        for batch in earned:
            prompt_id = str(self.stage.prompts[batch.test.id][batch.position])
            self.impressions[prompt_id] += batch.visitors
            items.append(
                {
                    "id": str(uuid7()),
                    "prompt_id": prompt_id,
                    "likes": batch.clicks,
                    "comments": 0,
                    "shares": 0,
                    "impressions": batch.visitors,
                }
            )
        for start in range(0, len(items), MOST_ITEMS):
            some = items[start : start + MOST_ITEMS]
            answer = msgspec.json.decode(self.server.ask("POST", "/engagement", msgspec.json.encode({"items": some})))
            if answer["rejected"]:
                raise AssayError("report_rejected", answer["rejected"][0]["detail"])
        self.revision = self._served_revision()

    def _served_revision(self) -> str:
        """The revision of the served scores, once they hold every impression reported so far."""
        deadline = time.monotonic() + PATIENCE
        while True:
            scores = load_scores(self.server.ask("GET", "/bundle/scores"))
            served = {prompt_id: impressions for prompt_id, (_, _, impressions) in scores.scores.items()}
            if all(served.get(prompt_id, 0) == number for prompt_id, number in self.impressions.items()):
                return f"{scores.content_revision}.{scores.revision}"
            if time.monotonic() > deadline:
                raise AssayError("replay_disturbed", "What was reported is not served after half a minute.", status=409)
            time.sleep(PAUSE)

    def close(self) -> None:
        """Close the connection."""
        self.server.close()
