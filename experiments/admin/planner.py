"""The planner beside the form: units needed and days, from what is typed or known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import AssayError
from django import forms
from django.http import QueryDict

from experiments.admin.rows import number
from experiments.models import Metric
from experiments.plan_experiment import Known
from experiments.work_out_power import Power, work_out_power
from sentinel.admin_fields import TextWidget, tell
from vault.models import Prompt

POINTERS = {
    "/baseline/mean": "baseline_mean",
    "/baseline/deviation": "baseline_deviation",
    "/baseline": "baseline_mean",
    "/planned_units": "planned_units",
    "/units_per_day": "units_per_day",
}


class Number(forms.CharField):
    """A number above 0 as typed, or None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=TextWidget({"inputmode": "decimal"}), **options)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            return float(number(typed)) if typed else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class PlannerForm(forms.Form):
    """What may be said where the project knows too little, or knows it wrong."""

    baseline_mean = Number(
        label="The control today", help_text="Its mean in the metric's measure; 0.04 is a conversion of 4 %."
    )
    baseline_deviation = Number(
        label="Deviation of one unit", help_text="For a mean or a ratio. A conversion has its own."
    )
    units_per_day = Number(label="Units a day", help_text="In all arms. The prompt's traffic of late when empty.")

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)

    def baseline(self) -> Known | None:
        mean, deviation = self.cleaned_data["baseline_mean"], self.cleaned_data["baseline_deviation"]
        return None if mean is None else Known(mean=mean, deviation=deviation)

    def tell(self, error: AssayError) -> None:
        tell(self, error, POINTERS)


class StartForm(PlannerForm):
    """What a start may be given beside the draft."""

    planned_units = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        label="Or plan with so many units",
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="In all arms, instead of what is worked out.",
    )
    reason = forms.CharField(required=False, max_length=1000, label="Why now", widget=TextWidget)


@dataclass(frozen=True, slots=True)
class Planned:
    """What came out, and each arm with its units."""

    power: Power
    arms: list[tuple[str, int]]
    metric: Metric


def plan(
    form: PlannerForm,
    *,
    prompt: Prompt,
    metric: Metric,
    arms: Sequence[tuple[str, int]],
    smallest_effect: float,
    significance: float,
) -> Planned | None:
    """The plan of these arms (name and share, the control first); None where it cannot be worked out, which the form
    says then."""
    if not form.is_valid() or len(arms) < 2:
        return None
    try:
        power = work_out_power(
            metric=metric,
            shares=[share for _, share in arms],
            smallest_effect=smallest_effect,
            baseline=form.baseline(),
            prompt_id=prompt.pk,
            significance=significance,
            units_per_day=form.cleaned_data["units_per_day"],
        )
    except AssayError as error:
        form.tell(error)
        return None
    named = [(name, units) for (name, _), units in zip(arms, power.by_arm, strict=True)]
    return Planned(power, named, metric)
