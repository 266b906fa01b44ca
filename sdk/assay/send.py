"""Send what the outbox holds, in batches, until it is empty, the time is up or the server is in trouble."""

import time
from collections.abc import Iterable, Sequence
from typing import Final, get_args

import msgspec

from assay.core.privacy import is_code
from assay.notices import warn
from assay.outbox import Item, Kind, Outbox
from assay.transport import BatchRefused, KeyRefused, Transport, Trouble

BATCH = 500
BATCH_BYTES = 1024 * 1024
ADDRESSES: Final[dict[Kind, str]] = {"runs": "runs/batch"}
"""Where it is not the kind's own name."""


class Reason(msgspec.Struct, frozen=True):
    """Why a part of an item was not taken."""

    code: str = "rejected"


class Rejected(msgspec.Struct, frozen=True):
    """One item that the server will never take, and why."""

    index: int
    code: str = "rejected"


class Taken(msgspec.Struct, frozen=True):
    """One run that was taken, and which parts of it the server will never take."""

    rejected: list[Reason] = []


class Answer(msgspec.Struct, frozen=True):
    """What the server says to a batch."""

    accepted: int
    rejected: list[Rejected] = []
    results: list[Taken] = []


_answers = msgspec.json.Decoder(Answer)


def send(outbox: Outbox, transport: Transport, *, deadline: float) -> bool:
    """Send what is in the outbox now; return whether all of it went. `deadline` is on the monotonic clock.

    An item that the server refuses for good is dropped with a warning and counts as gone. Raises Trouble when the
    server cannot be reached or is not well; then what was not taken is still in the outbox. Raises sqlite3.Error or
    OSError as the outbox does.
    """
    with outbox.sending(deadline - time.monotonic()) as ours:
        if not ours:
            return False
        newest = outbox.newest()
        refused: KeyRefused | None = None
        for kind in get_args(Kind):
            try:
                while items := outbox.take(kind, newest, BATCH, BATCH_BYTES):
                    if time.monotonic() >= deadline:
                        return False
                    _send_batch(outbox, transport, kind, items, deadline)
            except KeyRefused as error:
                # A key that may not tell of one kind may still tell of the others.
                refused = error
        if refused is not None:
            raise refused
    return True


def _send_batch(outbox: Outbox, transport: Transport, kind: Kind, items: Sequence[Item], deadline: float) -> None:
    body = msgspec.json.encode({"items": [item.body for item in items]})
    try:
        left = max(deadline - time.monotonic(), 0.1)
        answer = _read(transport.post(ADDRESSES.get(kind, kind), body, left, packed=kind == "runs"))
    except BatchRefused as refused:
        if len(items) == 1:
            outbox.remove(items)
            warn(f"Assay's server refused one {kind} item for good: {refused}.")
            return
        # One item spoils the batch in a way that the server could not tell apart; halving finds it in a few requests.
        middle = len(items) // 2
        _send_batch(outbox, transport, kind, items[:middle], deadline)
        _send_batch(outbox, transport, kind, items[middle:], deadline)
        return
    except Trouble as trouble:
        if not trouble.sent:
            outbox.never_sent(items)
        raise
    outbox.remove(items)
    if answer.rejected:
        codes = _codes([rejected.code for rejected in answer.rejected])
        warn(f"Assay's server rejected {len(answer.rejected)} of {len(items)} {kind} items for good: {codes}.")
    parts = [reason.code for taken in answer.results for reason in taken.rejected]
    if parts:
        warn(f"Assay's server took {kind} items without {len(parts)} of their parts, for good: {_codes(parts)}.")


def _codes(codes: Iterable[str]) -> str:
    # From the server, and shown to a person: codes alone, whatever else something on the way may put there.
    return ", ".join(sorted({code if is_code(code) else "unnamed" for code in codes}))


def _read(body: bytes) -> Answer:
    try:
        return _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A captive portal's page with status 200, perhaps; the items stay until the real server has answered.
        raise Trouble("an answer that is not Assay's") from None
