"""This file lets you serve a project's bundle from this process's memory, at most a moment old."""

import gzip
import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic
from uuid import UUID

import msgspec
from assay.core import shapes as core
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from django.conf import settings
from django.db import DatabaseError, connection

from experiments.read_bundle import read_bundle
from sentinel.models import Revision
from sentinel.revision import Seen, look

MOST_PROJECTS_KEPT = 50
# Seconds for which a bundle goes on being served while a newer one is made. With the pause between two looks it stays
# below the second within which a published change is served.
SERVED_ON = 0.7
PROMPTS_AT_ONCE = 250
# What zlib calls a window of 32 KB within a gzip header.
GZIP = 31


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bundle as it is sent: JSON, packed with gzip."""

    zipped: bytes
    etag: str

    @classmethod
    def of(cls, value: core.Content | core.Scores) -> "Part":
        """Encoded and packed piece by piece: whole, ten thousand prompts are 14 MB, which a process that has once held
        them does not give back."""
        packer, digest, zipped = zlib.compressobj(1, wbits=GZIP), hashlib.sha256(), []
        for piece in _pieces(value):
            digest.update(piece)
            zipped.append(packer.compress(piece))
        zipped.append(packer.flush())
        return cls(b"".join(zipped), f'"{digest.hexdigest()[:32]}"')

    @property
    def body(self) -> bytes:
        """The JSON itself, for whoever cannot unpack it; hardly anybody, so it is not kept."""
        return gzip.decompress(self.zipped)


def _pieces(value: core.Content | core.Scores) -> Iterator[bytes]:
    """The JSON of the value, a few hundred prompts at a time."""
    if isinstance(value, core.Scores):
        yield msgspec.json.encode(value)
        return
    # Quotes inside of a text are escaped, so this is the member itself.
    before, _, after = msgspec.json.encode(msgspec.structs.replace(value, prompts=[])).partition(b'"prompts":[]')
    yield before + b'"prompts":['
    for start in range(0, len(value.prompts), PROMPTS_AT_ONCE):
        some = msgspec.json.encode(value.prompts[start : start + PROMPTS_AT_ONCE])[1:-1]
        yield b"," + some if start else some
    yield b"]" + after


class Served:
    """A project's bundle in this process's memory, and its parts as they are sent, encoded when first asked for.

    `current_at` is the last time, on the monotonic clock, at which it was known to be what the database holds.
    """

    __slots__ = ("_clientless", "_encoding", "_parts", "asked_for", "bundle", "current_at")

    def __init__(self, bundle: Bundle, current_at: float, previous: "Served | None" = None) -> None:
        self.bundle = bundle
        # The parts that somebody wanted of this one or of those before it.
        self.asked_for: set[tuple[str, bool]] = set(previous.asked_for) if previous else set()
        self.current_at = current_at
        self._clientless: Bundle | None = None
        self._parts: dict[tuple[str, bool], Part] = {}
        self._encoding = Lock()

    def content(self, *, with_clients: bool) -> Part:
        return self._part("content", with_clients)

    def scores(self) -> Part:
        return self._part("scores", True)

    def for_reader(self, *, with_clients: bool) -> Bundle:
        """The bundle to resolve with; for a key made without clients it holds none."""
        if with_clients:
            return self.bundle
        if self._clientless is None:
            content = _without_clients(self.bundle.content)
            self._clientless = Bundle(content, self.bundle.scores, previous=self.bundle)
        return self._clientless

    def prepare(self, previous: "Served") -> None:
        """Encode what is asked for, before somebody has to wait for it."""
        for name, with_clients in list(self.asked_for):
            known = previous._parts.get((name, with_clients))
            if known is not None and name == "content" and self.bundle.content is previous.bundle.content:
                self._parts.setdefault((name, with_clients), known)
            self._part(name, with_clients)

    def _part(self, name: str, with_clients: bool) -> Part:
        part = self._parts.get((name, with_clients))
        if part is not None:
            return part
        self.asked_for.add((name, with_clients))
        with self._encoding:
            part = self._parts.get((name, with_clients))
            if part is None:
                content = self.bundle.content if with_clients else _without_clients(self.bundle.content)
                part = Part.of(content if name == "content" else self.bundle.scores)
                self._parts[name, with_clients] = part
        return part


def _without_clients(content: core.Content) -> core.Content:
    return msgspec.structs.replace(content, clients=None)


_kept: OrderedDict[UUID, Served] = OrderedDict()
_building = Lock()
_packing = Lock()
_built_aside: set[UUID] = set()


def serve(project_id: UUID) -> Served:
    """The project's bundle as it was less than a second ago: no query while its revision stands still, one look aside.

    When it has moved, a new bundle is made in a thread, and the old one served meanwhile; whoever would get one that is
    too old waits. Raises AssayError 404 when there is no such project.
    """
    seen = look(project_id)
    kept = _kept.get(project_id)
    if kept is None:
        return _build(project_id, seen)
    if _is_current(kept, seen):
        kept.current_at = max(kept.current_at, seen.at)
        return kept
    if not settings.BUNDLES_BUILT_ASIDE or monotonic() - kept.current_at > SERVED_ON:
        return _build(project_id, seen)
    if project_id not in _built_aside:
        _built_aside.add(project_id)
        Thread(target=_build_aside, args=[project_id, seen], name="assay-bundle", daemon=True).start()
    return kept


def forget() -> None:
    """Hold no bundle any more, for tests."""
    _kept.clear()


def _is_current(kept: Served, seen: Seen) -> bool:
    # A bundle may be ahead of the last look, since it is read later.
    return kept.bundle.content.revision >= seen.content and kept.bundle.scores.revision >= seen.scores


def _build(project_id: UUID, seen: Seen) -> Served:
    with _building:
        kept = _kept.get(project_id)
        if kept is not None and _is_current(kept, seen):
            return kept
        started = monotonic()
        try:
            served = Served(read_bundle(project_id, kept.bundle if kept else None), started, kept)
        except Revision.DoesNotExist:
            raise AssayError("not_found", "There is no such project.", status=404) from None
        _kept[project_id] = served
        _kept.move_to_end(project_id)
        while len(_kept) > MOST_PROJECTS_KEPT:
            _kept.popitem(last=False)
    return served


def _build_aside(project_id: UUID, seen: Seen) -> None:
    previous = _kept.get(project_id)
    try:
        served = _build(project_id, seen)
    except (AssayError, DatabaseError):
        # The next request finds it too old, tries again itself, and can say what is wrong.
        return
    finally:
        # From here on the next change need not wait until this one is packed.
        _built_aside.discard(project_id)
        connection.close()
    with _packing:
        if previous is not None and _kept.get(project_id) is served:
            served.prepare(previous)
