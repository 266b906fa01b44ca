"""Write prompts as files that git diffs well: one a prompt, keys sorted, texts as blocks."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from vault.prompt_files import yaml_text
from vault.prompt_files.record import FORMAT, PromptRecord

LONGEST_SLUG = 80


def files(records: Sequence[PromptRecord]) -> dict[str, str]:
    """What to write where, below the folder of the export, by path: `<vertical>/<category>/<name>.<language>.yaml`.

    Prompts whose names come to the same path, in upper or lower case, get eight characters of a hash as well.
    """
    paths = [_path(record) for record in records]
    uses = Counter(path.lower() for path in paths)
    written = {}
    for record, path in zip(records, paths, strict=True):
        if uses[path.lower()] > 1:
            stem, language, suffix = path.rsplit(".", 2)
            path = f"{stem}-{_digest(record)}.{language}.{suffix}"  # noqa: PLW2901
        written[path] = text_of(record)
    return written


def text_of(record: PromptRecord) -> str:
    """The text of one file. What is empty is left out."""
    fields = msgspec.to_builtins(record)
    fields["versions"] = [_without_empty(version) for version in fields["versions"]]
    return yaml_text.write(_without_empty(fields))


def is_of_an_export(text: str) -> bool:
    """Whether a file's text says of itself that it was written here."""
    return re.search(rf"^format: {re.escape(FORMAT)}$", text, re.MULTILINE) is not None


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", False, [], {})}


def _path(record: PromptRecord) -> str:
    name = re.sub("['’]", "", record.name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "prompt"
    return f"{record.vertical}/{record.category}/{slug}.{record.language}.yaml"


def _digest(record: PromptRecord) -> str:
    return hashlib.sha256(f"{record.language}:{record.name}".encode()).hexdigest()[:8]
