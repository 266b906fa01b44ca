"""This file lets you register a payload type, or the next version of one."""

from typing import Any

from assay.core.errors import AssayError, FieldError, single
from assay.core.variables import check_schema
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents.models import PayloadType
from sentinel.access import Access


@transaction.atomic
def register_payload_type(
    *, access: Access, name: str, schema: Any, description: str = "", version: int | None = None
) -> PayloadType:
    """The new version. Without a number it is the next one. What was registered once stays what it is.

    Raises AssayError 403, 409 `version_taken`, 422 `invalid_schema` with a pointer for each fault, `invalid`.
    """
    access.require("agents.write")
    _check(name, schema)
    newest = (
        PayloadType.objects.filter(project_id=access.project_id, name=name)
        .order_by("-version")
        .values_list("version", flat=True)
        .first()
    )
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
