"""This file lets you save a client, with a clear error for each field that cannot be."""

from assay.core.brand import check_brand
from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sentinel.access import Access
from vault.models import Client

BRAND = "/brand_file"


def save_client(*, access: Access, client: Client, brand_pointer: str = BRAND) -> Client:
    """The client as saved. `brand_pointer` says where the brand file lies in what the caller sent.

    Raises AssayError 422 with a pointer for each bad field, 409 `name_taken`, 403.
    """
    access.require("prompts.write")
    errors = list(_errors(client, brand_pointer))
    if errors:
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    try:
        with transaction.atomic():
            client.save()
    except IntegrityError as error:
        if "one_client_name" not in str(error):
            raise
        raise single("name_taken", "/name", f"There is a client named {client.name!r} already.", status=409) from None
    return client


def _errors(client: Client, brand_pointer: str) -> list[FieldError]:
    errors: list[FieldError] = []
    try:
        client.clean_fields(exclude=["project"])
    except ValidationError as error:
        errors = [
            FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))
            for name, found in error.error_dict.items()
            for one in found
        ]
    for found in check_brand(client.brand_file):
        pointer = brand_pointer + found.pointer.removesuffix("/")
        errors.append(FieldError(pointer, found.code, found.detail))
    return errors
