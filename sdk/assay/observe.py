"""Turn what was seen of a unit, or of one use of a version, into items that the server takes."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

import msgspec

from assay.core import token
from assay.core.assign import check_unit, unit_hash
from assay.core.errors import AssayError, FieldError, single
from assay.core.execution import Execution, check_execution
from assay.core.resolve import Resolution

SLUG = re.compile(r"[a-z][a-z0-9_]{0,49}\Z")
LARGEST = 1e15


class Used(TypedDict, total=False):
    """What one use of a version took: milliseconds, tokens, US dollars; codes; qualities in [0, 1]."""

    response_time_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost_usd: Decimal | float | None
    error_type: str | None
    environment: str | None
    input_hash: str | None
    accuracy: float | None
    consistency: float | None
    completeness: float | None
    user_satisfaction: float | None
    at: datetime | None


def id_of(resolution: Resolution | str) -> str | None:
    """Return the resolution's id, None for a fallback's; raises `invalid_resolution_id`."""
    if isinstance(resolution, Resolution):
        return resolution.resolution_id or None
    token.read(resolution)
    return resolution


def time_of(at: datetime | None) -> str:
    """Return when it happened, now where it is not said; raises `invalid_time` for a time without a zone."""
    if at is None:
        return datetime.now(UTC).isoformat()
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise single("invalid_time", "/at", "at must be a datetime that knows its zone.")
    return at.isoformat()


class Outcome(NamedTuple):
    """An outcome as the server takes it, but for its unit: that is named here unless a resolution tells it."""

    item: dict[str, Any]
    unit: str | None

    def of(self, project_id: str) -> dict[str, Any]:
        """Return the item with its unit. The hash alone goes on its way: the caller's own id stays in the process."""
        if self.unit is None:
            return self.item
        return self.item | {"unit_hash": unit_hash(project_id, self.unit).hex()}


def outcome(whom: Resolution | str, metric: str, value: float, *, weight: float, at: datetime | None) -> Outcome | None:
    """Return what was measured, or None for a fallback's resolution.

    Raises `invalid_outcome`, `invalid_unit`, `invalid_time`, and `no_unit` for a resolution that was for none.
    """
    _check_numbers(metric, value, weight)
    item: dict[str, Any] = {"metric": metric, "value": value, "at": time_of(at)}
    if weight != 1.0:
        item["weight"] = weight
    resolution_id = _resolution_id(whom)
    if resolution_id == "":
        return None
    if resolution_id is None:
        return Outcome(item, check_unit(whom if isinstance(whom, str) else ""))
    if token.read(resolution_id).unit_hash is None:
        raise single("no_unit", "/resolution", "This resolution was for no unit: pass one to resolve.")
    return Outcome(item | {"resolution_id": resolution_id}, None)


def execution(resolution: Resolution | str, used: Used) -> bytes | None:
    """Return the execution's JSON, or None for a fallback's resolution.

    Raises `invalid_resolution_id`, `invalid_time`, and `invalid_execution` for what the server would refuse.
    """
    resolution_id = id_of(resolution)
    if resolution_id is None:
        return None
    given = {name: value for name, value in used.items() if value is not None}
    at = time_of(used.get("at"))
    given.pop("at", None)
    try:
        item = msgspec.convert(given, Execution)
    except msgspec.ValidationError as error:
        raise AssayError("invalid_execution", f"The execution cannot be used: {error}.") from None
    check_execution(item)
    return msgspec.json.encode({"resolution_id": resolution_id, "at": at, **msgspec.to_builtins(item)})


def _resolution_id(whom: Resolution | str) -> str | None:
    """The id of a resolution, empty for a fallback's; None where `whom` is a unit."""
    if isinstance(whom, Resolution):
        return whom.resolution_id
    try:
        token.read(whom)
    except AssayError:
        return None
    return whom


def _check_numbers(metric: str, value: float, weight: float) -> None:
    errors = []
    if not isinstance(metric, str) or not SLUG.match(metric):
        errors.append(FieldError("/metric", "invalid_metric", "metric is a slug: lower-case letters, digits and _."))
    for name, number in (("value", value), ("weight", weight)):
        if type(number) not in (int, float) or not math.isfinite(number) or abs(number) > LARGEST:
            errors.append(FieldError(f"/{name}", f"invalid_{name}", f"{name} must be a finite number."))
    if not errors and weight <= 0:
        errors.append(FieldError("/weight", "invalid_weight", "weight must be above 0."))
    if errors:
        raise AssayError("invalid_outcome", errors[0].detail, errors=errors)
