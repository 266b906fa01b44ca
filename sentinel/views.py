"""Whether this process lives, and whether the whole is ready to serve."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from sentinel.models import Heartbeat

# Migrations do not go backwards while a process runs: once all are applied, that is not asked again.
_migrated = False


@csrf_exempt  # whatever the method, there is nothing to protect: a wrong one is told so
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process serves. Asks nothing of anybody else."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and worker are well; else 503, and which of them is not."""
    checks = {"database": "ok", "migrations": "ok", "worker": "ok"}
    try:
        if not _is_migrated():
            checks["migrations"] = "pending"
        beat = Heartbeat.objects.filter(name="worker").first() if checks["migrations"] == "ok" else None
        if beat is None or not beat.is_alive():
            checks["worker"] = "no heartbeat"
    except DatabaseError:
        checks = dict.fromkeys(checks, "unknown") | {"database": "unreachable"}
    well = all(state == "ok" for state in checks.values())
    return JsonResponse({"status": "ok" if well else "unavailable", "checks": checks}, status=200 if well else 503)


def _is_migrated() -> bool:
    global _migrated  # noqa: PLW0603
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
