"""This file lets you register a payload type, or the next version of one."""

from typing import Any

from assay.core.errors import AssayError, FieldError, single
from assay.core.variables import check_schema
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from agents.models import PayloadType
from sentinel.access import Access
from sentinel.models import Project


@transaction.atomic
def register_payload_type(
    *, access: Access, name: str, schema: Any, description: str = "", version: int | None = None
) -> PayloadType:
    """The new version. Without a number it is the next one. What was registered once stays what it is.

    Where the version of that number, or without one the newest, has this very schema already, and no other description
    is given, that one: nothing is registered.

    Raises AssayError 403, 409 `version_taken`, 422 `invalid_schema` with a pointer for each fault, `invalid`.
    """
    access.require("agents.write")
    _check(name, schema)
    # Of two that register the same at once the second finds what the first has made.
    list(Project.objects.select_for_update(no_key=True).filter(pk=access.project_id).values_list("pk"))
    there = _there_already(access, name, schema, description, version)
    if there is not None:
        return there
    versions = PayloadType.objects.filter(project_id=access.project_id, name=name)
    newest = versions.aggregate(newest=Max("version"))["newest"]
    number = version or (newest or 0) + 1
    try:
        with transaction.atomic():
            return PayloadType.objects.create(
                project_id=access.project_id, name=name, version=number, description=description, schema=schema
            )
    except IntegrityError as error:
        if "one_payload_type" not in str(error):
            raise
        told = f"Version {number} of {name} is there already."
        raise single("version_taken", "/version", told, status=409) from None


def _there_already(access: Access, name: str, schema: Any, description: str, version: int | None) -> PayloadType | None:
    """Compared by the database, to which 1 and 1.0 are one number, and 1 and true are not."""
    versions = PayloadType.objects.filter(project_id=access.project_id, name=name)
    meant = versions.filter(version=version) if version else versions.order_by("-version")
    found = PayloadType.objects.filter(pk=meant.values("pk")[:1], schema=schema).first()
    return found if found is not None and description in ("", found.description) else None


def _check(name: str, schema: Any) -> None:
    try:
        PayloadType(name=name).clean_fields(exclude=["project", "version", "schema"])
    except ValidationError as error:
        found = error.error_dict["name"]
        errors = [FieldError("/name", one.code or "invalid", " ".join(one.messages)) for one in found]
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors) from None
    try:
        check_schema(schema)
    except AssayError as error:
        # The same subset as a prompt's variables: only the place is another.
        errors = [
            FieldError(f"/schema{one.pointer.removeprefix('/variables')}", "invalid_schema", one.detail)
            for one in error.errors
        ]
        told = f"The schema cannot be so. {errors[0].detail}"
        raise AssayError("invalid_schema", told, status=422, errors=errors) from None
