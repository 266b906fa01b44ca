"""What is sent of metrics and experiments."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from config.rest import Number, StrictSerializer, Text, Whole
from experiments.check_draft import MOST_ARMS, MOST_STEPS
from experiments.models.experiments import WHOLE, Mode
from experiments.models.metrics import MOST_WINDOW, Direction, Kind

LONGEST_TEXT = 10_000
LONGEST_REASON = 1_000
MOST_METRICS = 20
MOST_UNITS = 2**31 - 1
NAMED = "A metric's slug or id."


class MetricFields(StrictSerializer):
    """A metric to be made."""

    slug = Text(max_length=50, help_text="Lower-case letters, digits and _, a letter first: how outcomes name it.")
    name = Text(max_length=100)
    kind = serializers.ChoiceField(choices=Kind.choices)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False, help_text="`up` when not given.")
    measure = Text(max_length=20, required=False, allow_blank=True, help_text="What a value is counted in: ms, usd.")
    window_minutes = Number(
        required=False,
        min_value=0,
        max_value=MOST_WINDOW.total_seconds() / 60,
        help_text="How long after an exposure a unit's outcomes count; 0 where that is at once. A week when not given.",
    )
    cap_at = Number(required=False, allow_null=True, help_text="A unit's value counts up to this much, above 0.")
    cap_percentile = Number(
        required=False,
        allow_null=True,
        min_value=0.5,
        max_value=0.9999,
        help_text="Or up to this percentile over all arms together, frozen at the first read.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        fields = dict(attrs)
        if "window_minutes" in fields:
            fields["window"] = timedelta(minutes=fields.pop("window_minutes"))
        return fields


class ChangedMetric(MetricFields):
    """What is to change of a metric. One that every project has keeps all but its name, window and cap."""


class ArmFields(StrictSerializer):
    """An arm: the first is the control, and what is in production when it starts."""

    version = Text(max_length=50, help_text="A version's number or id, or a label such as `production`.")
    share = Whole(min_value=1, max_value=WHOLE, help_text="In ten-thousandths; all shares sum to 10,000.")


class GuardrailFields(StrictSerializer):
    """A metric that must not get worse by more than the margin, relative to the control."""

    metric = Text(max_length=50, help_text=NAMED)
    margin = Number(required=False, min_value=0, max_value=10, help_text="0 when not given; 0.02 is 2 %.")


class StepFields(StrictSerializer):
    """A step of the ramp: how many take part, and the least time and the least number of units before the next."""

    coverage = Whole(min_value=1, max_value=WHOLE, help_text="In ten-thousandths of all units.")
    minutes = Whole(min_value=0, max_value=525_600)
    units = Whole(min_value=0, max_value=1_000_000_000)


class DraftFields(StrictSerializer):
    """An experiment to be drafted. What is not given is the default."""

    name = Text(max_length=200)
    hypothesis = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    prompt = serializers.UUIDField(help_text="A prompt's id.")
    primary_metric = Text(max_length=50, help_text=NAMED)
    arms = serializers.ListField(child=ArmFields(), required=False, max_length=MOST_ARMS)
    guardrails = serializers.ListField(child=GuardrailFields(), required=False, max_length=MOST_METRICS)
    secondary_metrics = serializers.ListField(
        child=Text(max_length=50), required=False, max_length=MOST_METRICS, help_text="Metrics by slug or id."
    )
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    significance = Number(required=False, min_value=0.001, max_value=0.2)
    smallest_effect = Number(
        required=False,
        min_value=0.001,
        max_value=10,
        help_text="The smallest relative effect worth having: 0.05 is 5 %.",
    )
    min_sample_size = Whole(required=False, min_value=100, max_value=MOST_UNITS, help_text="Units in each arm.")
    max_duration_days = Whole(required=False, min_value=1, max_value=365)
    ramp = serializers.ListField(
        child=StepFields(), required=False, max_length=MOST_STEPS, help_text="[] begins with all units."
    )
    holdback = Whole(
        required=False,
        min_value=0,
        max_value=WHOLE // 2,
        help_text="Units that keep the control after a shipping, in ten-thousandths.",
    )


class ReasonField(StrictSerializer):
    """Why, in the words of who does it."""

    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class BaselineFields(StrictSerializer):
    """The control as it is today, as somebody knows it."""

    mean = Number(help_text="In the metric's measure, other than 0; a conversion's between 0 and 1.")
    deviation = Number(
        required=False,
        allow_null=True,
        help_text="Of one unit's value, for a mean or a ratio (of (y − r·x) / x̄ for a ratio).",
    )


class StartFields(ReasonField):
    """How many units to plan with: as given, or from the baseline given, or from what the project knows."""

    planned_units = Whole(required=False, allow_null=True, min_value=1, max_value=MOST_UNITS)
    baseline = BaselineFields(required=False, allow_null=True)


class PromoteFields(ReasonField):
    """What to ship."""

    arm = Whole(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_ARMS,
        help_text="A treatment's number; the only one, or the one of the verdict, when not given.",
    )


class ApproveFields(ReasonField):
    """What was seen proposed: refused when it asks for something else by now."""

    action = serializers.ChoiceField(
        choices=["ship", "roll_back", "conclude", "withdraw"], required=False, allow_null=True
    )


class WithdrawFields(ReasonField):
    """Which treatment to take out."""

    arm = Whole(min_value=0, max_value=MOST_ARMS)


class PowerFields(StrictSerializer):
    """What to plan: the smallest effect, which gives the units, or the units, which give the effect."""

    metric = Text(max_length=50, help_text=NAMED)
    smallest_effect = Number(
        required=False, allow_null=True, min_value=0.001, max_value=10, help_text="Relative: 0.05 is 5 %."
    )
    units = Whole(required=False, allow_null=True, min_value=1, max_value=MOST_UNITS, help_text="In all arms together.")
    baseline = BaselineFields(
        required=False, allow_null=True, help_text="What the project knows of the metric when not given."
    )
    prompt = serializers.UUIDField(
        required=False, allow_null=True, help_text="The prompt whose baseline and traffic to plan with."
    )
    shares = serializers.ListField(
        child=Whole(min_value=1, max_value=WHOLE),
        required=False,
        min_length=2,
        max_length=MOST_ARMS,
        help_text="Of each arm, the control first, on any scale; two equal ones when not given.",
    )
    significance = Number(required=False, min_value=0.001, max_value=0.2, help_text="0.05 when not given.")
    power = Number(
        required=False, min_value=0.5, max_value=0.99, help_text="The chance to find it; 0.8 when not given."
    )
    units_per_day = Number(
        required=False,
        allow_null=True,
        min_value=0.001,
        max_value=1e12,
        help_text="That take part, in all arms; the prompt's traffic of late when not given.",
    )
