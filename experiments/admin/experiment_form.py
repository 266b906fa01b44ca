"""An experiment as it is typed: its arms, what it measures, and how it goes on."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from assay.core.errors import AssayError
from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminSelectWidget

from experiments.admin.rows import Row, Rows, number, percent, ten_thousandths
from experiments.check_draft import MOST_ARMS, MOST_STEPS
from experiments.draft_experiment import Guard, Side
from experiments.models import Experiment, Metric
from experiments.models.experiments import WHOLE, Mode, default_ramp
from sentinel.admin_fields import LongText, TextWidget, tell
from vault.models import Prompt, Version

Value = TypeVar("Value")
MODES = [
    (Mode.MANUAL, "Manual", "It recommends. A person ships, rolls back or ends it."),
    (Mode.APPROVAL, "Approval", "It asks. Whoever agrees must not be who started it, and then it is done."),
    (Mode.AUTO, "Automatic", "It acts on its verdict, and takes a harmful version back by itself."),
]
PLAIN = ("name", "hypothesis", "mode", "primary_metric", "min_sample_size", "max_duration_days")


class Percent(forms.CharField):
    """A percentage as typed; cleaned it is a share, where 0.05 is 5 %."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=TextWidget({"inputmode": "decimal"}), **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else percent(value * WHOLE)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        try:
            return float(number(typed)) / 100 if typed else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ExperimentForm(forms.Form):
    """`drafted()` is what `draft_experiment` takes."""

    name = forms.CharField(max_length=200, widget=TextWidget({"placeholder": "A warmer greeting"}))
    hypothesis = LongText(
        required=False, rows=2, help_text="What you expect, and why. It is read again when it is over."
    )
    primary_metric = forms.ModelChoiceField(
        queryset=Metric.objects.none(),
        label="What decides",
        initial="click_through",
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
        to_field_name="slug",
        help_text="The primary metric: the verdict is about this one.",
    )
    smallest_effect = Percent(
        label="Smallest effect worth having, %",
        initial=0.05,
        help_text="Relative to the control. What is surely smaller is not shipped, be it real.",
    )
    secondary_metrics = forms.ModelMultipleChoiceField(
        queryset=Metric.objects.none(),
        label="Also watched",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        to_field_name="slug",
    )
    mode = forms.ChoiceField(choices=Mode.choices, initial=Mode.MANUAL, widget=forms.RadioSelect)
    significance = Percent(
        label="Significance, %", initial=0.05, help_text="At most this share of experiments without an effect decide."
    )
    min_sample_size = forms.IntegerField(
        label="Units in each arm, at least",
        initial=100,
        min_value=100,
        max_value=2**31 - 1,
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="100 or more. Skewed values wait longer by themselves.",
    )
    max_duration_days = forms.IntegerField(
        label="Days, at most",
        initial=28,
        min_value=1,
        max_value=365,
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="Then nobody is exposed any more, and the last windows are waited for.",
    )
    holdback = Percent(
        label="Holdback after a shipping, %",
        initial=0.0,
        help_text="Units that keep the old version, so that the gain goes on being measured.",
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        prompt: Prompt,
        control: Version | None,
        versions: Sequence[Version],
        experiment: Experiment | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(experiment))
        self.prompt, self.control = prompt, control
        # Those that may be a treatment: all but the one that is in production.
        self.versions = [version for version in versions if control is None or version.pk != control.pk]
        self.metrics = list(Metric.objects.in_project(prompt.project_id))
        for name in ("primary_metric", "secondary_metrics"):
            field: Any = self.fields[name]
            field.queryset = Metric.objects.in_project(prompt.project_id)
            field.choices = [(metric.slug, metric.name) for metric in self.metrics]
        typed = None if data is None else {name: str(value) for name, value in data.items()}
        self.control_share = (typed or {}).get("control-share") or _control_share(experiment)
        treatments = _arms(experiment) if experiment else _newest(self.versions)
        self.arms = Rows("arm", ("version", "share"), typed=typed, initial=treatments, most=MOST_ARMS - 1)
        self.guards = Rows(
            "guard", ("metric", "margin"), typed=typed, initial=_guards(experiment), most=len(self.metrics)
        )
        self.ramp = Rows(
            "ramp", ("coverage", "minutes", "units"), typed=typed, initial=_ramp(experiment), most=MOST_STEPS
        )

    @property
    def modes(self) -> list[tuple[str, str, str, bool]]:
        chosen = self["mode"].value()
        return [(value, title, told, value == chosen) for value, title, told in MODES]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.control is None:
            self.add_error(None, "This prompt has no version in production, so there is no control. Publish one first.")
        self.sides = self._sides()
        self.guardrails = self._read(self.guards, self._guard)
        self.steps = self._read(self.ramp, _step)
        if self.arms.has_errors or self.guards.has_errors or self.ramp.has_errors:
            self.add_error(None, "Something is not right yet; it is said at the rows below.")
        return cleaned

    def _sides(self) -> list[Side]:
        sides = self._read(self.arms, self._side)
        try:
            share = ten_thousandths(self.control_share)
        except ValueError as error:
            self.arms.tell(None, f"The control's share: {error}")
            return []
        return [Side(self.control, share), *sides] if self.control else []

    def _read(self, rows: Rows, reader: Callable[[Row], Value]) -> list[Value]:
        found = []
        for row in rows.filled:
            try:
                found.append(reader(row))
            except ValueError as error:
                row.errors.append(str(error))
        return found

    def _side(self, row: Row) -> Side:
        version = next((it for it in self.versions if str(it.number) == row.values["version"]), None)
        if version is None:
            raise ValueError("Choose the version that this arm gets.")
        return Side(version, ten_thousandths(row.values["share"]))

    def _guard(self, row: Row) -> Guard:
        metric = next((it for it in self.metrics if it.slug == row.values["metric"]), None)
        if metric is None:
            raise ValueError("Choose the metric that must not get worse.")
        return Guard(metric, float(number(row.values["margin"] or "0")) / 100)

    def drafted(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        fields = {name: cleaned[name] for name in (*PLAIN, "smallest_effect", "significance")}
        holdback = round((cleaned["holdback"] or 0) * WHOLE)
        return {
            "fields": {**fields, "prompt": self.prompt, "ramp": self.steps, "holdback": holdback},
            "arms": self.sides,
            "guardrails": self.guardrails,
            "secondary_metrics": list(cleaned["secondary_metrics"]),
        }

    def tell(self, error: AssayError) -> None:
        """Say what a verb refused at its row or field."""
        rest = []
        for one in error.errors:
            name, _, place = one.pointer.lstrip("/").partition("/")
            at = int(place.split("/")[0]) if place.split("/")[0].isdigit() else None
            rows = {"arms": self.arms, "guardrails": self.guards, "ramp": self.ramp}.get(name)
            if rows is None:
                rest.append(one)
            else:
                # The control is the first arm, and no row of its own.
                shift = 1 if rows is self.arms else 0
                rows.tell(None if at is None or at < shift else at - shift, one.detail)
                self.add_error(None, one.detail)
        if rest or not error.errors:
            tell(self, AssayError(error.code, error.detail, errors=rest), {f"/{name}": name for name in self.fields})


def _step(row: Row) -> dict[str, int]:
    try:
        minutes, units = (int(row.values[part] or "0") for part in ("minutes", "units"))
    except ValueError:
        raise ValueError("Minutes and units are whole numbers.") from None
    return {"coverage": ten_thousandths(row.values["coverage"]), "minutes": minutes, "units": units}


def _initial(experiment: Experiment | None) -> dict[str, Any]:
    if experiment is None:
        return {}
    plain = {name: getattr(experiment, name) for name in (*PLAIN, "smallest_effect", "significance")}
    secondaries = [metric.slug for metric in experiment.secondary_metrics.all()]
    slug = experiment.primary_metric.slug
    chosen = {"primary_metric": slug, "secondary_metrics": secondaries, "holdback": experiment.holdback / WHOLE}
    return plain | chosen


def _control_share(experiment: Experiment | None) -> str:
    arms = list(experiment.arms.all()[:1]) if experiment else []
    return percent(arms[0].share) if arms else "50"


def _newest(versions: Sequence[Version]) -> list[dict[str, str]]:
    """What one most likely wants to try: the newest version, with half of the units."""
    return [{"version": str(version.number), "share": "50"} for version in versions[:1]]


def _arms(experiment: Experiment) -> list[dict[str, str]]:
    treatments = experiment.arms.select_related("version").filter(number__gt=0)
    return [{"version": str(arm.version.number), "share": percent(arm.share)} for arm in treatments]


def _guards(experiment: Experiment | None) -> list[dict[str, str]]:
    guardrails = experiment.guardrails.select_related("metric") if experiment else []
    return [{"metric": it.metric.slug, "margin": percent(it.margin * WHOLE)} for it in guardrails]


def _ramp(experiment: Experiment | None) -> list[dict[str, str]]:
    steps = default_ramp() if experiment is None else experiment.ramp
    return [
        {"coverage": percent(step["coverage"]), "minutes": str(step["minutes"]), "units": str(step["units"])}
        for step in steps
    ]


def versions_of(prompt: Prompt, most: int = 100) -> tuple[Version | None, list[Version]]:
    """The version in production, and the newest ones, without their texts. Two queries."""
    light = prompt.versions.defer("content", "variables", "model_settings")
    return light.filter(labels__name="production").first(), list(light.newest_first()[:most])
