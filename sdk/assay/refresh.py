"""Keep a project's bundle current: from disk at the start, then from the server, part by part."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from assay import cache
from assay.core.bundle import Bundle
from assay.core.errors import BundleError
from assay.core.load import load_content, load_scores
from assay.core.shapes import Content, Scores
from assay.notices import logger, warn
from assay.transport import Fetched, Transport

T = TypeVar("T", Content, Scores)

SCORES_PATH = "bundle/scores"
CONTENT_PATH = "bundle"
KEEP_SCORES_EVERY = 10.0
"""Seconds. Scores move once a second where much is reported; a disk need not, and older ones serve as well."""


@dataclass(frozen=True, eq=False)
class Held:
    """What is known of the bundle. It is replaced as a whole, so that a fork or a reader never meets half of a change.

    `confirmed`: the server itself has said since the last trouble that this is its content. Its number alone does not
    say so after the server was set back to a backup. `scores_kept_at` is when the scores were last written to disk, on
    the monotonic clock.
    """

    bundle: Bundle | None = None
    scores: Scores | None = None
    content_etag: str | None = None
    scores_etag: str | None = None
    confirmed: bool = False
    scores_kept_at: float = -KEEP_SCORES_EVERY


def load(folder: Path) -> Held:
    """Return what the last process left on disk. What is damaged there is ignored with a warning."""
    content, content_etag = _decoded(folder, "content", load_content)
    if content is None:
        return Held()
    scores, scores_etag = _decoded(folder, "scores", load_scores)
    try:
        bundle = Bundle(content, scores or Scores(revision=0, content_revision=content.revision))
    except BundleError as error:
        _ignore(folder, "content", error.code)
        return Held()
    return Held(bundle, scores, content_etag, scores_etag)


def refresh(held: Held, transport: Transport, folder: Path | None) -> Held:
    """Ask the server what is new; return `held` itself when nothing is. Raises Trouble or BundleError.

    The small part, the scores, is asked for first; it says which content it belongs to, and the content is asked for
    only if that is another one, or not yet confirmed.
    """
    fetched = transport.get(SCORES_PATH, held.scores_etag)
    if fetched is not None:
        scores = load_scores(fetched.body)
        bundle = held.bundle.with_scores(scores) if held.bundle is not None else None
        held = replace(held, bundle=bundle, scores=scores, scores_etag=fetched.etag)
        if time.monotonic() - held.scores_kept_at >= KEEP_SCORES_EVERY:
            _keep(folder, "scores", fetched)
            held = replace(held, scores_kept_at=time.monotonic())
    if held.scores is None:
        raise BundleError("invalid_bundle", "The server calls scores unchanged that it never sent.")
    same = held.bundle is not None and held.bundle.content.revision == held.scores.content_revision
    return held if same and held.confirmed else _with_content(held, held.scores, transport, folder)


def _with_content(held: Held, scores: Scores, transport: Transport, folder: Path | None) -> Held:
    fetched = transport.get(CONTENT_PATH, held.content_etag if held.bundle is not None else None)
    if fetched is not None:
        bundle = Bundle(load_content(fetched.body), scores, previous=held.bundle)
        _keep(folder, "content", fetched)
        return replace(held, bundle=bundle, content_etag=fetched.etag, confirmed=True)
    if held.bundle is None:
        raise BundleError("invalid_bundle", "The server calls a bundle unchanged that it never sent.")
    return held if held.confirmed else replace(held, confirmed=True)


def _decoded(folder: Path, part: cache.Part, decode: Callable[[bytes], T]) -> tuple[T | None, str | None]:
    try:
        stored = cache.load(folder, part)
        return (decode(stored.body), stored.etag) if stored is not None else (None, None)
    except cache.DamagedFile:
        _ignore(folder, part, "damaged")
    except BundleError as error:
        _ignore(folder, part, error.code)
    except OSError as error:
        _ignore(folder, part, error.strerror or type(error).__name__)
    return None, None


def _ignore(folder: Path, part: cache.Part, reason: str) -> None:
    warn(f"The {part} of the bundle kept in {folder} cannot be used ({reason}) and is ignored.")


def _keep(folder: Path | None, part: cache.Part, fetched: Fetched) -> None:
    if folder is None:
        return
    try:
        cache.store(folder, part, cache.Stored(fetched.etag, fetched.body))
    except OSError as error:
        logger.warning("The %s of the bundle could not be kept in %s: %s", part, folder, error.strerror)
