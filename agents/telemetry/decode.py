"""Decode a run as it was sent, in JSON: all at once, and piece by piece where something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError, single
from assay.core.privacy import check_metadata

from agents.telemetry.codes import are_codes, not_codes
from agents.telemetry.facts import Metadata
from agents.telemetry.odd_json import read_odd_json, too_deep
from agents.telemetry.refusals import Refusals, refusal_of, refused, within
from agents.telemetry.sent import SentDecision, SentFailure, SentRun, SentSignal

MOST_STEPS = 10_000
MOST_PARTS = 10_000
# More values than a run with 10,000 steps has. They are counted by their commas, before any is made.
MOST_VALUES = 300_000
# The parts of a run that may be refused alone: their list, and how one of it is read.
_PARTS = {"decisions": SentDecision, "quality_signals": SentSignal, "failures": SentFailure}
_run = msgspec.json.Decoder(SentRun)


@dataclass(slots=True)
class Decoded:
    """A run whose fields have the right types and whose codes are codes.

    Of each list of parts that some were refused of, `places` has those that the others had in it.
    """

    sent: SentRun
    places: dict[str, list[int]] = field(default_factory=dict)
    refused: Refusals = field(default_factory=Refusals)


def decode_run(raw: bytes | msgspec.Raw) -> Decoded:
    """The run in this JSON. Raises AssayError for what costs the whole of it."""
    if bytes(raw).count(b",") > MOST_VALUES:
        raise AssayError("too_many_values", f"A run may hold {MOST_VALUES} values at most.", status=413)
    try:
        decoded = _decoded(raw)
    except RecursionError:
        raise too_deep() from None
    for name in ("steps", *_PARTS):
        _check_length(name, getattr(decoded.sent, name) or ())
    return decoded


def bad_metadata(metadata: Metadata) -> FieldError | None:
    """What is wrong with it first; the pointer begins at what has it."""
    told = check_metadata(metadata)
    return FieldError(f"/metadata{told[0].pointer}", told[0].code, told[0].detail) if told else None


def _decoded(raw: bytes | msgspec.Raw) -> Decoded:
    try:
        return _at_once(raw) or _piecewise(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _piecewise(read_odd_json(bytes(raw)))


def _at_once(raw: bytes | msgspec.Raw) -> Decoded | None:
    """The run where nothing is wrong with its types and codes."""
    try:
        sent = _run.decode(raw)
    except msgspec.ValidationError:
        return None
    return Decoded(sent) if are_codes(sent) else None


def _piecewise(value: Any) -> Decoded:
    """The run without those parts that are wrong."""
    if not isinstance(value, dict):
        raise single("wrong_type", "", "A run is an object.")
    parts = {name: value.pop(name) for name in _PARTS if isinstance(value.get(name), list)}
    failure = value.pop("failure", None)
    decoded = Decoded(_whole(value))
    for name, members in parts.items():
        _check_length(name, members)
        taken = {place: one for place, member in enumerate(members) if (one := _part(decoded, name, place, member))}
        decoded.places[name] = list(taken)
        setattr(decoded.sent, name, list(taken.values()))
    if failure is not None:
        decoded.sent.failure = _converted(failure, SentFailure, "/failure", decoded.refused)
    return decoded


def _whole(value: dict[str, Any]) -> SentRun:
    """The run and its steps. AssayError: what is wrong with them costs the run."""
    _check_metadata_of(value)
    steps = value.get("steps")
    if isinstance(steps, list):
        _check_length("steps", steps)
        for place, step in enumerate(steps):
            _check_metadata_of(step, f"/steps/{place}")
    try:
        sent = msgspec.convert(value, SentRun)
    except msgspec.ValidationError as error:
        raise refused(refusal_of(error)) from None
    for told in not_codes(sent):
        raise refused(told)
    for place, step in enumerate(sent.steps or ()):
        for told in not_codes(step):
            raise refused(within(f"/steps/{place}", told))
    return sent


def _part(decoded: Decoded, name: str, place: int, value: Any) -> Any:
    return _converted(value, _PARTS[name], f"/{name}/{place}", decoded.refused)


def _converted(value: Any, type_: type, pointer: str, found: Refusals) -> Any:
    """The part; None where it is refused."""
    try:
        _check_metadata_of(value, pointer)
        part: Any = msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        found.add(refusal_of(error, pointer))
        return None
    except AssayError as error:
        found.add(error.errors[0])
        return None
    for told in not_codes(part):
        found.add(within(pointer, told))
        return None
    return part


def _check_metadata_of(value: Any, pointer: str = "") -> None:
    """AssayError for metadata that may not be stored, as far as it is an object at all."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if isinstance(metadata, dict) and (told := bad_metadata(metadata)):
        raise refused(within(pointer, told))


def _check_length(name: str, members: Sequence[Any]) -> None:
    most = MOST_STEPS if name == "steps" else MOST_PARTS
    if len(members) > most:
        raise single(f"too_many_{name}", f"/{name}", f"A run may have {most} {name} at most.", status=413)
