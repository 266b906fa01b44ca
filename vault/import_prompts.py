"""This file lets you take prompts from files into a project."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError, single
from django.db import IntegrityError, connection, transaction

from sentinel.access import Access
from vault.held import check_free
from vault.models import Label, LabelMove, Prompt, VaultSettings, Version
from vault.models.labels import PRODUCTION
from vault.plan_import import Plan, Standing, plan_import
from vault.prompt_files.record import Record, Refusal, Row
from vault.save_prompt import PLACE

# Rows are taken in transactions of this many. One of ten thousand would lock the project's revision for seconds, and
# with it whoever wants to know whether something was published.
ROWS_AT_ONCE = 250
ATTEMPTS = 4

Identity = tuple[str, str]


@dataclass(frozen=True)
class Taken:
    """What became of a row: `new`, `changed`, `unchanged` or `refused`."""

    row: Row
    outcome: str
    refusal: Refusal | None = None


@dataclass
class _Import:
    access: Access
    defaults: dict[str, Any]
    dry_run: bool
    only_new: bool
    protected: frozenset[str]
    # The rows taken so far, by name and language.
    seen: dict[Identity, Row] = field(default_factory=dict)


def import_prompts(
    *,
    access: Access,
    rows: Sequence[Row],
    defaults: dict[str, Any],
    dry_run: bool = False,
    only_new: bool = False,
    progress: Callable[[int], object] = lambda rows: None,
) -> list[Taken]:
    """What became of each row, in order. A row that cannot be taken never costs the others.

    `defaults` are fields of a prompt (`category`, `vertical`, `language`, `source`, …) for rows that do not say them.
    A text becomes a version and is published, unless it is one of the prompt's versions already; a prompt of an export
    becomes what the file says, and labels or versions that the file does not name stay. `only_new` leaves every prompt
    alone whose name and language ever existed. `dry_run` writes nothing. `progress` is told how many rows are done.
    Raises AssayError 403 without `prompts.write`.
    """
    access.require("prompts.write")
    settings = VaultSettings.objects.filter(project_id=access.project_id).first()
    protected = frozenset(settings.protected_labels if settings else ())
    importing = _Import(access, defaults, dry_run, only_new, protected)
    taken: list[Taken] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        chunk = rows[start : start + ROWS_AT_ONCE]
        taken += _take_or_again(importing, chunk)
        progress(len(chunk))
    return taken


def _take_or_again(importing: _Import, rows: Sequence[Row]) -> list[Taken]:
    """Somebody else may make a prompt of the same name, or a version of the same number, meanwhile: then look again."""
    seen = dict(importing.seen)
    for _ in range(ATTEMPTS - 1):
        try:
            return _take(importing, rows)
        except IntegrityError:
            importing.seen = dict(seen)
    return _take(importing, rows)


@transaction.atomic
def _take(importing: _Import, rows: Sequence[Row]) -> list[Taken]:
    if not importing.dry_run:
        # Two imports at once take turns, or each would run into the other's names again and again.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import {importing.access.project_id}"]
            )
    standings = _standings(importing, [row.record for row in rows if row.record is not None])
    taken: list[Taken] = []
    plans: list[Plan] = []
    for row in rows:
        try:
            outcome, plan = _decide(importing, row, standings)
        except AssayError as error:
            pointer = error.errors[0].pointer if error.errors else ""
            taken.append(Taken(row, "refused", Refusal(error.code, error.detail, pointer)))
            continue
        taken.append(Taken(row, outcome, row.refusal))
        if plan is not None and not plan.changes_nothing:
            plans.append(plan)
    if not importing.dry_run:
        _write(importing.access, plans)
    return taken


def _decide(importing: _Import, row: Row, standings: dict[Identity, Standing]) -> tuple[str, Plan | None]:
    if row.record is None:
        return "refused", None
    identity = (row.record.name, row.record.language_or(importing.defaults.get("language", "en")))
    if identity in importing.seen:
        first = importing.seen[identity]
        if first.record != row.record:
            told = f"{first.file}, row {first.number}, has this name and language already, and says something else."
            raise single("duplicate_name", "/name", told)
        return "unchanged", None
    standing = standings.get(identity)
    if importing.only_new and standing is not None:
        return "unchanged", None
    plan = plan_import(
        record=row.record,
        standing=standing,
        project_id=importing.access.project_id,
        author_id=importing.access.user_id,
        defaults=importing.defaults,
    )
    _check_labels(importing, plan)
    _check_free(plan)
    importing.seen[identity] = row
    if plan.is_new:
        return "new", plan
    return ("unchanged" if plan.changes_nothing else "changed"), plan


def _check_labels(importing: _Import, plan: Plan) -> None:
    if importing.access.may("keys.manage"):
        return
    for label, _, _ in plan.moves:
        if label in importing.protected:
            told = f"The label {label} is protected: only an admin or owner moves it."
            raise AssayError("label_protected", told, status=403)


def _check_free(plan: Plan) -> None:
    if plan.is_new:
        return
    if any(label == PRODUCTION for label, _, _ in plan.moves):
        check_free(plan.prompt, "have its label production moved")
    if not PLACE.isdisjoint(plan.changed_fields):
        check_free(plan.prompt, "change its context")


def _standings(importing: _Import, records: Iterable[Record]) -> dict[Identity, Standing]:
    """How the prompts of these names stand. Three queries; locks them, in the order of their ids, to be written."""
    prompts = Prompt.objects.in_project(importing.access.project_id).filter(
        name__in={record.name for record in records}
    )
    if not importing.only_new:
        prompts = prompts.active().order_by("id")
        prompts = prompts if importing.dry_run else prompts.select_for_update(no_key=True)
    standings = {prompt.pk: Standing(prompt, {}, {}) for prompt in prompts}
    # Labels before versions: where nothing is locked, what a label points at is among the versions read later.
    labels = list(Label.objects.filter(prompt__in=standings))
    versions: dict[UUID, Version] = {}
    for version in Version.objects.filter(prompt__in=standings):
        versions[version.pk] = version
        standings[version.prompt_id].versions[version.number] = version
    for label in labels:
        standings[label.prompt_id].labels[label.name] = versions[label.version_id]
    return {(standing.prompt.name, standing.prompt.language): standing for standing in standings.values()}


def _write(access: Access, plans: Sequence[Plan]) -> None:
    """One statement a table, whatever the number of new prompts; one more for each prompt whose own fields changed."""
    Prompt.objects.bulk_create([plan.prompt for plan in plans if plan.is_new])
    for plan in plans:
        if plan.changed_fields:
            plan.prompt.save(update_fields=[*plan.changed_fields, "updated_at"])
    Version.objects.bulk_create([version for plan in plans for version in plan.versions])
    moves = [(plan.prompt, *move) for plan in plans for move in plan.moves]
    Label.objects.bulk_create(
        [
            Label(project_id=access.project_id, prompt=prompt, name=name, version=version)
            for prompt, name, _, version in moves
        ],
        update_conflicts=True,
        unique_fields=["prompt", "name"],
        update_fields=["version", "moved_at"],
    )
    LabelMove.objects.bulk_create(
        LabelMove(
            project_id=access.project_id,
            prompt=prompt,
            label=name,
            from_version=before,
            to_version=version,
            moved_by_id=access.user_id,
            key_id=access.key_id,
            reason="imported",
        )
        for prompt, name, before, version in moves
    )
