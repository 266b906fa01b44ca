"""This file lets you work out what taking a record would change, before anything is."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from msgspec import UNSET

from vault.check_version import Checked, check_version
from vault.models import Prompt, Version
from vault.models.labels import LABEL_NAME, LATEST, PRODUCTION
from vault.models.versions import NUMBER
from vault.next_number import next_number
from vault.prompt_files.record import PromptRecord, Record, TextRecord, VersionRecord

FIRST_NUMBER = "1.0.0"
PLACE = ("category", "vertical", "platform", "agent_code")
FIELDS = (*PLACE, "technique", "source", "tags", "example_input", "example_output")
# What a version says beside its text. Never compared by who wrote it or when: those are of one installation.
FACTS = ("variant_id", "strategy", "generation_method", "is_baseline", "note")


@dataclass
class Standing:
    """A prompt as it stands in the vault: its versions by number, its labels by name."""

    prompt: Prompt
    versions: dict[str, Version]
    labels: dict[str, Version]

    @property
    def newest(self) -> Version | None:
        return max(self.versions.values(), key=lambda version: _parts(version.number), default=None)


@dataclass
class Plan:
    """Rows to write for one record. `moves` names the label, where it was, and where it goes."""

    prompt: Prompt
    is_new: bool
    changed_fields: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    moves: list[tuple[str, Version | None, Version]] = field(default_factory=list)

    @property
    def changes_nothing(self) -> bool:
        return not (self.is_new or self.changed_fields or self.versions or self.moves)


def plan_import(
    *, record: Record, standing: Standing | None, project_id: UUID, author_id: int | None, defaults: dict[str, Any]
) -> Plan:
    """What to write, as unsaved rows. `defaults`: fields of a prompt for a record that does not say them.

    Raises AssayError 409 for what contradicts the vault, 422 for what could not be saved. Makes no query.
    """
    if isinstance(record, PromptRecord):
        return _plan_whole(record, standing, project_id, author_id)
    return _plan_text(record, standing, project_id, author_id, defaults)


def _plan_whole(record: PromptRecord, standing: Standing | None, project_id: UUID, author_id: int | None) -> Plan:
    values = {name: getattr(record, name) for name in (*FIELDS, "language")}
    plan = _plan_prompt(record, standing, project_id, values)
    known = dict(standing.versions) if standing else {}
    if not record.versions:
        raise single("missing_versions", "/versions", "A prompt has at least one version.")
    for index, given in enumerate(sorted(record.versions, key=lambda given: _number(given.number))):
        version = _build(plan.prompt, given, known, author_id)
        there = known.get(given.number)
        if there is None:
            known[given.number] = version
            plan.versions.append(version)
        elif not _says_the_same(there, version):
            told = f"There is another version {given.number} already, and versions never change."
            raise single("version_conflict", f"/versions/{index}", told, status=409)
    for label, number in sorted(record.labels.items()):
        _plan_move(plan, standing, known, label, number)
    return plan


def _plan_text(
    record: TextRecord, standing: Standing | None, project_id: UUID, author_id: int | None, defaults: dict[str, Any]
) -> Plan:
    given = {name: value for name in FIELDS if (value := getattr(record, name)) is not UNSET}
    if standing is None:
        given = {name: value for name, value in defaults.items() if name in FIELDS} | given
        plan = _plan_prompt(
            record, None, project_id, given | {"language": record.language_or(defaults.get("language", "en"))}
        )
    else:
        _check_place(standing.prompt, defaults | given)
        plan = _plan_prompt(record, standing, project_id, given)
    checked = check_version(
        kind=record.kind, content=record.content, variables=record.variables, model_settings=record.model_settings
    )
    # An import never undoes what people did since: a text that is among the versions already has been taken before.
    if standing is None or not any(_holds(version, checked) for version in standing.versions.values()):
        newest = standing.newest if standing else None
        version = _version(plan.prompt, checked, _next(newest, checked), newest, author_id)
        plan.versions.append(version)
        plan.moves.append((PRODUCTION, standing.labels.get(PRODUCTION) if standing else None, version))
    return plan


def _check_place(prompt: Prompt, wanted: dict[str, Any]) -> None:
    """A list of texts must not take over a prompt of the same name that lives elsewhere."""
    elsewhere = [name for name in PLACE if name in wanted and (getattr(prompt, name) or None) != (wanted[name] or None)]
    if elsewhere:
        where = ", ".join(f"{name} {getattr(prompt, name) or 'none'}" for name in elsewhere)
        told = f"There is another prompt of this name in this language, with {where}."
        raise single("name_taken", "/name", told, status=409)


def _plan_prompt(record: Record, standing: Standing | None, project_id: UUID, values: dict[str, Any]) -> Plan:
    if standing is None:
        plan = Plan(Prompt(project_id=project_id, name=record.name, **values), is_new=True)
    else:
        # A copy: what is refused later on must leave no trace on the row that the next record may be about.
        plan = Plan(copy(standing.prompt), is_new=False)
        for name, value in values.items():
            if getattr(plan.prompt, name) != value:
                setattr(plan.prompt, name, value)
                plan.changed_fields.append(name)
    _check_fields(plan.prompt, ["project"])
    return plan


def _plan_move(plan: Plan, standing: Standing | None, known: dict[str, Version], label: str, number: str) -> None:
    pointer = f"/labels/{label[:50]}"
    try:
        LABEL_NAME(label)
    except ValidationError as error:
        raise single("invalid_label", pointer, str(error.message)) from None
    if label == LATEST:
        raise single("label_is_worked_out", pointer, "`latest` is always the newest version and stands in no file.")
    if number not in known:
        raise single("unknown_version", pointer, f"There is no version {number[:20]} that the label could point at.")
    before = standing.labels.get(label) if standing else None
    if before is None or before.pk != known[number].pk:
        plan.moves.append((label, before, known[number]))


def _build(prompt: Prompt, given: VersionRecord, known: dict[str, Version], author_id: int | None) -> Version:
    parent = None
    if given.parent is not None:
        parent = known.get(given.parent)
        if parent is None or _number(given.parent) >= _number(given.number):
            raise single("invalid_parent", "/versions", f"Version {given.number} needs an older one as its parent.")
    checked = check_version(
        kind=given.kind, content=given.content, variables=given.variables, model_settings=given.model_settings
    )
    facts = {name: getattr(given, name) for name in FACTS}
    version = _version(prompt, checked, given.number, parent, author_id, **facts)
    _check_fields(version, ["project", "prompt", "parent", "author", "content", "variables", "model_settings"])
    return version


def _version(
    prompt: Prompt, checked: Checked, number: str, parent: Version | None, author_id: int | None, **facts: Any
) -> Version:
    major, minor, patch = _parts(number)
    return Version(
        project_id=prompt.project_id,
        prompt=prompt,
        number=number,
        major=major,
        minor=minor,
        patch=patch,
        kind=checked.kind,
        content=checked.content,
        variables=checked.variables,
        model_settings=checked.model_settings,
        parent=parent,
        author_id=author_id,
        **facts,
    )


def _check_fields(row: Prompt | Version, exclude: list[str]) -> None:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        errors = [
            FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))
            for name, found in error.error_dict.items()
            for one in found
        ]
        told = f"{errors[0].pointer[1:]}: {errors[0].detail}"
        raise AssayError(errors[0].code, told, status=422, errors=errors) from None


def _holds(version: Version, checked: Checked) -> bool:
    return (version.kind, version.content, version.variables, version.model_settings) == (
        checked.kind,
        checked.content,
        checked.variables,
        checked.model_settings,
    )


def _says_the_same(there: Version, given: Version) -> bool:
    checked = Checked(given.kind, given.content, given.variables, given.model_settings)
    return (
        _holds(there, checked)
        and there.parent_id == given.parent_id
        and all(getattr(there, name) == getattr(given, name) for name in FACTS)
    )


def _next(newest: Version | None, checked: Checked) -> str:
    if newest is None:
        return FIRST_NUMBER
    return next_number(
        newest=newest.number,
        old_content=(newest.kind, newest.content),
        new_content=(checked.kind, checked.content),
        old_variables=newest.variables,
        new_variables=checked.variables,
    )


def _parts(number: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, number.split("."))
    return major, minor, patch


def _number(text: str) -> tuple[int, int, int]:
    try:
        NUMBER(text)
    except ValidationError:
        raise single("invalid_version_number", "/versions", f"{text[:20]!r} is no number such as 1.2.0.") from None
    return _parts(text)
