"""This file lets you save a metric, so that nothing changes under an experiment that measures it."""

from collections.abc import Iterator, Mapping

from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from experiments.models import Experiment, Metric, Outcome
from experiments.models.metrics import MOST_WINDOW, Kind
from sentinel.access import Access

# What a metric is called by programs and what its values are: fixed once anything was measured by it.
IDENTITY = ("slug", "kind")
# What its values mean: fixed while an experiment goes on.
MEANING = ("direction", "window", "cap_at", "cap_percentile")
# What may be changed of a metric that every project starts with.
FREE = ("name", "window", "cap_at", "cap_percentile")
FIELDS = ("slug", "name", "kind", "direction", "measure", "window", "cap_at", "cap_percentile")


@transaction.atomic
def save_metric(*, access: Access, metric: Metric, window_pointer: str = "/window") -> Metric:
    """The metric as saved, new or changed. `window_pointer` says where the window lies in what the caller sent. Four
    queries at most.

    Raises AssayError 403, 404, 409 `slug_taken`, `built_in`, `metric_in_use`, 422 with a pointer for each bad field.
    """
    access.require("experiments.write")
    if metric.project_id != access.project_id:
        raise AssayError("not_found", "There is no such metric.", status=404)
    pointers = {"window": window_pointer}
    if errors := list(_errors(metric, pointers)):
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    if not metric._state.adding:
        stored = Metric.objects.select_for_update().filter(pk=metric.pk).first()
        if stored is None:
            raise AssayError("not_found", "There is no such metric.", status=404)
        changed = [name for name in FIELDS if getattr(metric, name) != getattr(stored, name)]
        _check_change(stored, changed, pointers)
    try:
        with transaction.atomic():
            metric.save()
    except IntegrityError as error:
        if "one_metric_slug" not in str(error):
            raise
        raise single("slug_taken", "/slug", f"There is a metric {metric.slug!r} already.", status=409) from None
    return metric


def _errors(metric: Metric, pointers: Mapping[str, str]) -> Iterator[FieldError]:
    try:
        metric.clean_fields(exclude=["project"])
    except ValidationError as error:
        for name, found in error.error_dict.items():
            for one in found:
                yield FieldError(_at(name, pointers), one.code or "invalid", " ".join(one.messages))
        return
    if not 0 <= metric.window.total_seconds() <= MOST_WINDOW.total_seconds():
        yield FieldError(pointers["window"], "invalid_window", f"A window is 0 to {MOST_WINDOW.days} days long.")
    caps = {name for name in ("cap_at", "cap_percentile") if getattr(metric, name) is not None}
    if metric.kind == Kind.CONVERSION and caps:
        yield FieldError(f"/{min(caps)}", "invalid_cap", "A conversion is 0 or 1 and has no cap.")
    elif len(caps) == 2:
        yield FieldError("/cap_percentile", "invalid_cap", "A cap is a value or a percentile, not both.")
    elif metric.cap_at is not None and metric.cap_at <= 0:
        yield FieldError("/cap_at", "invalid_cap", "A cap is above 0.")


def _check_change(metric: Metric, changed: list[str], pointers: Mapping[str, str]) -> None:
    """Raises for what may not change any more of the metric as it is stored."""
    fixed = [name for name in changed if name not in FREE]
    if metric.is_built_in and fixed:
        told = f"{metric.slug} is there in every project: only its name, window and cap can be changed."
        raise single("built_in", _at(fixed[0], pointers), told, status=409)
    measuring = Experiment.objects.measuring(metric)
    meaning = next((name for name in changed if name in MEANING), None)
    if meaning and (live := measuring.live().first()):
        told = f"The experiment {live.name!r} is {live.status} and measures this: it has to end first."
        raise single("metric_in_use", _at(meaning, pointers), told, status=409)
    identity = next((name for name in changed if name in IDENTITY), None)
    if identity and (measuring.exists() or Outcome.objects.filter(metric=metric).exists()):
        told = "Something was measured by this already: make a new metric instead."
        raise single("metric_in_use", _at(identity, pointers), told, status=409)


def _at(name: str, pointers: Mapping[str, str]) -> str:
    """Where a field lies in what the caller sent."""
    return pointers.get(name, f"/{name}")
