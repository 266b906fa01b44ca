"""This file lets you work out a version's number from what changed."""

from typing import Any


def next_number(
    *,
    newest: str,
    old_content: Any,
    new_content: Any,
    old_variables: dict[str, Any],
    new_variables: dict[str, Any],
) -> str:
    """The semver number that follows `newest`.

    Major when a variable appears, disappears or becomes required, since callers have to follow; minor when the content
    or what a variable may hold changes; patch when only settings or notes do.
    """
    major, minor, patch = (int(part) for part in newest.split("."))
    appeared_or_gone = set(old_variables.get("properties", {})) != set(new_variables.get("properties", {}))
    newly_required = set(new_variables.get("required", [])) - set(old_variables.get("required", []))
    if appeared_or_gone or newly_required:
        return f"{major + 1}.0.0"
    if old_content != new_content or old_variables != new_variables:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
