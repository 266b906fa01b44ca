"""This file lets you change a JSON object by what is to be different in it (RFC 7396). Pure."""

from typing import Any

from assay.core.errors import single


def merge_patch(target: dict[str, Any], changes: Any) -> dict[str, Any]:
    """A new object: members that are null in `changes` are gone, objects merged, all else replaced.

    Raises AssayError 422 when `changes` is no object.
    """
    if not isinstance(changes, dict):
        raise single("wrong_type", "", "Send an object.")
    return _merged(target, changes)


def _merged(target: Any, changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(target) if isinstance(target, dict) else {}
    for name, change in changes.items():
        if change is None:
            result.pop(name, None)
        elif isinstance(change, dict):
            result[name] = _merged(result.get(name), change)
        else:
            result[name] = change
    return result
