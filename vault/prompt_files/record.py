"""A prompt as a file holds it: what is the author's, and nothing of what this installation learned."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

FORMAT = "assay-prompt/1"


class VersionRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One text of a prompt. `variables` is derived when not given; `parent` is the number of an older version."""

    number: str
    content: str | list[dict[str, str]]
    kind: str = "text"
    variables: dict[str, Any] | None = None
    model_settings: dict[str, Any] = {}
    parent: str | None = None
    variant_id: str = ""
    strategy: str = ""
    generation_method: str = "manual"
    is_baseline: bool = False
    note: str = ""


class PromptRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A prompt with all its versions and labels: what `export_prompts` writes, and what one file of an export holds."""

    format: str
    name: str
    category: str
    language: str = "en"
    vertical: str = "generic"
    platform: str | None = None
    agent_code: str | None = None
    technique: str = ""
    source: str = ""
    tags: list[str] = []
    example_input: str = ""
    example_output: str = ""
    labels: dict[str, str] = {}
    versions: list[VersionRecord]

    def language_or(self, default: str) -> str:
        """Its language: a file of an export leaves nothing open."""
        return self.language


class TextRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt of one text, as a spreadsheet or a list of prompts holds it. What it does not say is left as it is.

    `variables` of None are derived from the text.
    """

    name: str
    content: str | list[dict[str, str]]
    kind: str = "text"
    variables: dict[str, Any] | None = None
    model_settings: dict[str, Any] = {}
    language: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    vertical: str | UnsetType = UNSET
    platform: str | UnsetType | None = UNSET
    agent_code: str | UnsetType | None = UNSET
    technique: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    example_input: str | UnsetType = UNSET
    example_output: str | UnsetType = UNSET

    def language_or(self, default: str) -> str:
        """Its language, or `default` when it names none. Name and language say which prompt it is."""
        return default if self.language is UNSET else self.language


Record = PromptRecord | TextRecord


class Refusal(msgspec.Struct, frozen=True):
    """Why a row cannot be taken: a stable `code`, a sentence, and the JSON pointer of the bad field, if it is one."""

    code: str
    detail: str
    pointer: str = ""


class Row(msgspec.Struct, frozen=True):
    """One prompt of a file. `number` counts as a spreadsheet does: the head of a CSV is row 1; a list begins with 1."""

    file: str
    number: int
    name: str
    record: Record | None
    refusal: Refusal | None = None
    # Columns that mean nothing here.
    ignored: tuple[str, ...] = ()
