"""This file lets you carry what is known of a version's variables over to a new text."""

from typing import Any

from assay.core.errors import AssayError
from assay.core.render import compile_template
from assay.core.variables import check_against, derive


def carry_variables(variables: dict[str, Any], *, content: Any) -> dict[str, Any] | None:
    """The schema for the new text: as it was for what is still used, worked out for what is new, without what is gone.

    None where that cannot be said: the text is no template, or uses a variable against its description.
    """
    texts = content if isinstance(content, list) else [{"content": content}]
    try:
        templates = [compile_template(text["content"]) for text in texts]
        found = derive(templates)
        carried = _merged(variables, found)
        check_against(carried, templates)
    except (AssayError, TypeError, KeyError, AttributeError):
        return None  # whoever saves it says what is wrong
    return carried


def _merged(old: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    known, needed = old.get("properties", {}), found["properties"]
    if known.keys() == needed.keys():
        return old
    properties = {name: known.get(name, rule) for name, rule in needed.items()}
    required = [name for name in old.get("required", []) if name in needed]
    required += [name for name in found.get("required", []) if name not in known]
    return {**old, "type": "object", "properties": properties, "required": required, "additionalProperties": False}
