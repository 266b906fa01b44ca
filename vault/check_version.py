"""This file lets you find out whether a version may be saved, before anything is."""

from dataclasses import dataclass
from typing import Any

import msgspec
from assay.core.errors import single
from assay.core.render import compile_template
from assay.core.variables import check_against, check_schema, derive

MOST_MESSAGES = 100
MOST_TOOLS = 128
LARGEST_SETTINGS = 64 * 1024
ROLES = ("system", "user", "assistant")


class ModelSettings(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a caller hands to its model together with the text."""

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    response_schema: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    kind: str
    content: Any
    variables: dict[str, Any]
    model_settings: dict[str, Any]


def check_version(
    *, kind: str, content: Any, variables: dict[str, Any] | None, model_settings: dict[str, Any] | None
) -> Checked:
    """What would be saved: the variables derived from the template when not given, and checked against it when given.

    Raises AssayError 422 with a pointer for each thing that is wrong.
    """
    templates = [compile_template(text, pointer) for pointer, text in _texts(kind, content)]
    if variables is None:
        schema = derive(templates)
    else:
        check_schema(variables)
        check_against(variables, templates)
        schema = variables
    return Checked(kind, content, schema, _settings(model_settings or {}))


def _texts(kind: str, content: Any) -> list[tuple[str, str]]:
    """The texts to be rendered, each with its pointer."""
    if kind == "text":
        if not isinstance(content, str) or not content.strip():
            raise single("invalid_content", "/content", "The content of a text is a string that is not empty.")
        return [("/content", content)]
    if kind != "chat":
        raise single("invalid_kind", "/kind", "A version is of kind `text` or `chat`.")
    if not isinstance(content, list) or not 1 <= len(content) <= MOST_MESSAGES:
        raise single(
            "invalid_content", "/content", f"The content of a chat is a list of 1 to {MOST_MESSAGES} messages."
        )
    for index, message in enumerate(content):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise single("invalid_message", f"/content/{index}", "A message is an object with `role` and `content`.")
        if message["role"] not in ROLES:
            raise single("invalid_role", f"/content/{index}/role", f"A role is one of {', '.join(ROLES)}.")
        if not isinstance(message["content"], str) or not message["content"].strip():
            raise single("invalid_content", f"/content/{index}/content", "A message's content is a string, not empty.")
    return [(f"/content/{index}/content", message["content"]) for index, message in enumerate(content)]


def _settings(given: Any) -> dict[str, Any]:
    try:
        settings = msgspec.convert(given, ModelSettings)
    except msgspec.ValidationError as error:
        raise single("invalid_model_settings", "/model_settings", f"Model settings: {error}.") from None
    if settings.model is not None and not 1 <= len(settings.model) <= 200:
        raise single("invalid_model", "/model_settings/model", "A model's name has 1 to 200 characters.")
    if settings.temperature is not None and not 0 <= settings.temperature <= 2:
        raise single("out_of_range", "/model_settings/temperature", "A temperature lies between 0 and 2.")
    if settings.max_tokens is not None and not 1 <= settings.max_tokens <= 10_000_000:
        raise single("out_of_range", "/model_settings/max_tokens", "max_tokens lies between 1 and 10,000,000.")
    if settings.tools is not None and len(settings.tools) > MOST_TOOLS:
        raise single("too_many", "/model_settings/tools", f"At most {MOST_TOOLS} tools.")
    encoded = msgspec.json.encode(settings)
    if len(encoded) > LARGEST_SETTINGS:
        raise single("too_large", "/model_settings", f"Model settings may hold {LARGEST_SETTINGS} bytes at most.")
    kept: dict[str, Any] = msgspec.json.decode(encoded)
    return kept
