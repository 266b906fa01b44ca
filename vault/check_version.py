"""This file lets you find out whether a version may be saved, before anything is."""

from dataclasses import dataclass
from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError
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
    templates = _templates(kind, content)
    if variables is None:
        schema = derive(templates)
    else:
        check_schema(variables)
        check_against(variables, templates)
        schema = variables
    return Checked(kind, content, schema, _settings(model_settings or {}))


def _refuse(pointer: str, code: str, detail: str) -> AssayError:
    return AssayError(code, detail, status=422, errors=[FieldError(pointer, code, detail)])


def _templates(kind: str, content: Any) -> list[str]:
    if kind == "text":
        if not isinstance(content, str) or not content.strip():
            raise _refuse("/content", "invalid_content", "The content of a text is a string that is not empty.")
        return [content]
    if kind != "chat":
        raise _refuse("/kind", "invalid_kind", "A version is of kind `text` or `chat`.")
    if not isinstance(content, list) or not 1 <= len(content) <= MOST_MESSAGES:
        raise _refuse("/content", "invalid_content", f"The content of a chat is a list of 1 to {MOST_MESSAGES} messages.")
    for index, message in enumerate(content):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise _refuse(f"/content/{index}", "invalid_message", "A message is an object with `role` and `content`.")
        if message["role"] not in ROLES:
            raise _refuse(f"/content/{index}/role", "invalid_role", f"A role is one of {', '.join(ROLES)}.")
        if not isinstance(message["content"], str) or not message["content"].strip():
            raise _refuse(f"/content/{index}/content", "invalid_content", "A message's content is a string, not empty.")
    return [message["content"] for message in content]


def _settings(given: Any) -> dict[str, Any]:
    try:
        settings = msgspec.convert(given, ModelSettings)
    except msgspec.ValidationError as error:
        raise _refuse("/model_settings", "invalid_model_settings", f"Model settings: {error}.") from None
    if settings.model is not None and not 1 <= len(settings.model) <= 200:
        raise _refuse("/model_settings/model", "invalid_model", "A model's name has 1 to 200 characters.")
    if settings.temperature is not None and not 0 <= settings.temperature <= 2:
        raise _refuse("/model_settings/temperature", "out_of_range", "A temperature lies between 0 and 2.")
    if settings.max_tokens is not None and not 1 <= settings.max_tokens <= 10_000_000:
        raise _refuse("/model_settings/max_tokens", "out_of_range", "max_tokens lies between 1 and 10,000,000.")
    if settings.tools is not None and len(settings.tools) > MOST_TOOLS:
        raise _refuse("/model_settings/tools", "too_many", f"At most {MOST_TOOLS} tools.")
    encoded = msgspec.json.encode(settings)
    if len(encoded) > LARGEST_SETTINGS:
        raise _refuse("/model_settings", "too_large", f"Model settings may hold {LARGEST_SETTINGS} bytes at most.")
    kept: dict[str, Any] = msgspec.json.decode(encoded)
    return kept
