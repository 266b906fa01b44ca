"""This file lets you answer a request once, however often it is sent with the same Idempotency-Key."""

import hashlib
from collections.abc import Callable
from typing import Any

from assay.core.errors import AssayError
from django.db import connection, transaction
from django.http import HttpRequest

from sentinel.access import Access
from sentinel.models import IdempotentAnswer

LONGEST_KEY = 200


def answer_once(*, access: Access, request: HttpRequest, work: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Do `work` and keep its answer, or give the answer that the same request got before. Returns status and body.

    The work and its answer are one transaction: both are kept or neither, even when the process dies between them.
    Raises AssayError 422 `idempotency_key_reused` for another body, 409 `idempotency_key_in_use` while the first is
    still under way, 400 for a key that is no key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            return work()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        told = f"An Idempotency-Key is 1 to {LONGEST_KEY} printable ASCII characters."
        raise AssayError("invalid_idempotency_key", told, status=400)
    digest = hashlib.sha256(f"{request.method} ".encode() + request.body).hexdigest()
    with transaction.atomic():
        _claim(f"{access.project_id}:{key}:{request.path}")
        answers = IdempotentAnswer.objects.filter(project_id=access.project_id, key=key, path=request.path)
        kept = answers.kept().first()
        if kept is None:
            answers.delete()
        elif kept.digest == digest:
            return kept.status, kept.body
        else:
            told = "This Idempotency-Key was used for another body."
            raise AssayError("idempotency_key_reused", told, status=422)
        status, body = work()
        IdempotentAnswer.objects.create(
            project_id=access.project_id, key=key, path=request.path, digest=digest, status=status, body=body
        )
    return status, body


def _claim(name: str) -> None:
    """Hold the name until the transaction ends; a second request at the same time is told so instead of waiting."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (held,) = cursor.fetchone() or (False,)
    if not held:
        told = "A request with this Idempotency-Key is still under way."
        raise AssayError("idempotency_key_in_use", told, status=409)
