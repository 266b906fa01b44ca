"""This file lets you write a project's prompts into a folder, as files that git diffs well."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from assay.core.errors import AssayError

from sentinel.access import Access
from vault.models import Label, Prompt, Version
from vault.prompt_files.record import FORMAT, PromptRecord, VersionRecord
from vault.prompt_files.write import files, is_of_an_export


@dataclass(frozen=True)
class Exported:
    """The paths below the folder. `stale` files were written by an export once, and no prompt is theirs any more."""

    written: list[str]
    unchanged: list[str]
    stale: list[str]


def export_prompts(*, access: Access, folder: Path, prune: bool = False) -> Exported:
    """One file for each active prompt, with all its versions and labels, but nothing of what it earned.

    A file that would not change is not touched. `prune` deletes the stale files. Three queries. Raises AssayError 403
    without `prompts.read`, 400 `unwritable_folder`.
    """
    access.require("prompts.read")
    texts = files(_records(access.project_id))
    written: list[str] = []
    unchanged: list[str] = []
    try:
        for path, text in texts.items():
            (written if _write(folder / path, text) else unchanged).append(path)
        stale = [path for path in _files_of_exports(folder) if path not in texts]
        if prune:
            for path in stale:
                (folder / path).unlink()
    except OSError as error:
        told = f"{error.filename or folder}: {error.strerror}."
        raise AssayError("unwritable_folder", told, status=400) from None
    return Exported(written, unchanged, stale)


def _records(project_id: UUID) -> list[PromptRecord]:
    # Labels before versions: a version is never taken away, so what a label points at is among those read later.
    prompts = list(Prompt.objects.in_project(project_id).active().order_by("name", "language"))
    labels: dict[UUID, dict[str, UUID]] = {}
    for label in Label.objects.filter(project_id=project_id):
        labels.setdefault(label.prompt_id, {})[label.name] = label.version_id
    versions: dict[UUID, list[Version]] = {}
    for version in Version.objects.filter(project_id=project_id).order_by("major", "minor", "patch"):
        versions.setdefault(version.prompt_id, []).append(version)
    return [_record(prompt, versions.get(prompt.pk, []), labels.get(prompt.pk, {})) for prompt in prompts]


def _record(prompt: Prompt, versions: list[Version], labels: dict[str, UUID]) -> PromptRecord:
    numbers = {version.pk: version.number for version in versions}
    return PromptRecord(
        format=FORMAT,
        name=prompt.name,
        category=prompt.category,
        language=prompt.language,
        vertical=prompt.vertical,
        platform=prompt.platform,
        agent_code=prompt.agent_code,
        technique=prompt.technique,
        source=prompt.source,
        tags=prompt.tags,
        example_input=prompt.example_input,
        example_output=prompt.example_output,
        labels={name: numbers[version_id] for name, version_id in labels.items() if version_id in numbers},
        versions=[
            VersionRecord(
                number=version.number,
                kind=version.kind,
                content=version.content,
                variables=version.variables,
                model_settings=version.model_settings,
                parent=numbers[version.parent_id] if version.parent_id else None,
                variant_id=version.variant_id,
                strategy=version.strategy,
                generation_method=version.generation_method,
                is_baseline=version.is_baseline,
                note=version.note,
            )
            for version in versions
        ],
    )


def _write(path: Path, text: str) -> bool:
    """Whether the file changed. It is moved into place: whoever reads the folder meanwhile sees the old or the new."""
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    beside.replace(path)
    return True


def _files_of_exports(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.yaml"))
        if path.is_file() and is_of_an_export(path.read_text("utf-8", "replace"))
    ]
