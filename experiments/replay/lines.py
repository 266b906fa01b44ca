"""The lines of a laboratory: within this process, and over HTTP as any application has them."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from assay.core.load import load_content, load_scores

from experiments.observed import MOST_ITEMS
from experiments.read_bundle import read_bundle
from experiments.record_exposures import record_exposures
from experiments.record_outcomes import record_outcomes
from experiments.replay.server import Server

PATIENCE = 30.0
PAUSE = 0.05
RECORD = {"outcomes": record_outcomes, "exposures": record_exposures}


class LineInProcess:
    """On the real database, without a server. See `laboratory.Line`."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self.known: Bundle | None = None

    def bundle(self, at_least: int) -> Bundle:
        """As the database has it now."""
        self.known = read_bundle(self.project_id, self.known)
        return self.known

    def send(self, what: str, items: Sequence[dict[str, Any]]) -> None:
        """Record them."""
        for answer in RECORD[what](project_id=self.project_id, items=items):
            if isinstance(answer, AssayError):
                raise answer


class LineOverHttp:
    """Through a running server. See `laboratory.Line`."""

    def __init__(self, url: str, key: str) -> None:
        self.server = Server(url, key)

    def bundle(self, at_least: int) -> Bundle:
        """As the server serves it; raises AssayError 409 `replay_disturbed` when it does not come to that revision."""
        deadline = time.monotonic() + PATIENCE
        while True:
            bundle = Bundle(
                load_content(self.server.ask("GET", "/bundle")), load_scores(self.server.ask("GET", "/bundle/scores"))
            )
            if bundle.content.revision >= at_least:
                return bundle
            if time.monotonic() > deadline:
                told = "What was changed is not served after half a minute."
                raise AssayError("replay_disturbed", told, status=409)
            time.sleep(PAUSE)

    def send(self, what: str, items: Sequence[dict[str, Any]]) -> None:
        """In batches. To send one again changes nothing."""
        for start in range(0, len(items), MOST_ITEMS):
            body = msgspec.json.encode({"items": items[start : start + MOST_ITEMS]})
            answer = msgspec.json.decode(self.server.ask("POST", f"/{what}", body))
            if answer["rejected"]:
                raise AssayError("rejected", answer["rejected"][0]["detail"])

    def close(self) -> None:
        """Close the connection."""
        self.server.close()
