"""A version made ready to serve: its templates and its schema checked and compiled, once."""

from typing import Any, Literal

import msgspec

from assay.core import token
from assay.core.bundle import Bundle
from assay.core.render import Template, compile_template
from assay.core.shapes import Message, Prompt, Version
from assay.core.template.run import OUTPUT_LIMIT
from assay.core.variables import BRAND, Variables, check_against, compile_variables


class VersionSummary(msgspec.Struct, frozen=True):
    """The version that serves."""

    id: str
    number: str


class Compiled:
    """A version that may be rendered. Checking is part of making it, so nothing is rendered unchecked."""

    __slots__ = ("_messages", "_text", "_variables", "head", "summary", "version")

    def __init__(self, prompt: Prompt, version: Version) -> None:
        self.version = version
        self.head = token.head_of(prompt.id, version.id)
        self.summary = VersionSummary(version.id, version.number)
        self._variables: Variables = compile_variables(version.variables)
        self._text: Template | None = None
        self._messages: list[tuple[Literal["system", "user", "assistant"], Template]] = []
        if isinstance(version.content, str):
            self._text = compile_template(version.content)
        else:
            self._messages = [
                (message.role, compile_template(message.content, f"/content/{place}/content"))
                for place, message in enumerate(version.content)
            ]
        templates = [template for _, template in self._messages] if self._text is None else [self._text]
        check_against(version.variables, templates)

    def render(
        self, variables: dict[str, Any], brand: dict[str, Any] | None
    ) -> tuple[str | None, list[Message] | None]:
        """The text, or the messages of a chat, at most 1 MiB in all. Raises what `check` and `render` raise."""
        values = self._variables.check(variables)
        values[BRAND] = brand
        if self._text is not None:
            return self._text.render(values), None
        left, messages = OUTPUT_LIMIT, []
        for role, template in self._messages:
            content = template.render(values, limit=left)
            left -= len(content) if content.isascii() else len(content.encode())
            messages.append(Message(role, content))
        return None, messages


def compiled(bundle: Bundle, prompt: Prompt, version: Version) -> Compiled:
    """The version made ready, from the bundle's cache where it is there already."""
    found: Compiled | None = bundle.compiled.get(version.id)
    if found is None or (found.version is not version and found.version != version):
        found = Compiled(prompt, version)
        bundle.compiled.put(version.id, found)
    return found
