"""This file lets you find a project's metric by what a person calls it."""

from uuid import UUID

from assay.core.errors import single

from experiments.models import Metric


def find_metric(project_id: UUID, name: str, *, pointer: str) -> Metric:
    """The metric by slug or id. One query. Raises AssayError 404 `unknown_metric`, pointing at where it was named."""
    metrics = Metric.objects.in_project(project_id)
    # No slug is an id: it would have to hold a hyphen.
    found = metrics.filter(pk=id_) if (id_ := _uuid(name)) is not None else metrics.filter(slug=name)
    metric = found.first()
    if metric is None:
        raise single("unknown_metric", pointer, f"There is no metric {name[:50]!r}.", status=404)
    return metric


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name) if len(name) == 36 else None
    except ValueError:
        return None
