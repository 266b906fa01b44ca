"""An experiment: arms, what is measured, how far it has gone, and what became of it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from config.models import Identified
from experiments.models.metrics import Metric
from sentinel.access import Access
from sentinel.models import ApiKey, Event, Project
from vault.models import Prompt, Version

# Shares and coverage are whole ten-thousandths.
WHOLE = 10_000
RAMP: list[dict[str, int]] = [
    {"coverage": 500, "minutes": 60, "units": 100},
    {"coverage": 2000, "minutes": 60, "units": 400},
    {"coverage": 5000, "minutes": 60, "units": 1000},
    {"coverage": 10000, "minutes": 0, "units": 0},
]


def default_ramp() -> list[dict[str, int]]:
    """5 → 20 → 50 → 100 % of units, each step with a least time and a least number of units."""
    return [dict(step) for step in RAMP]


class Status(models.TextChoices):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    CONCLUDED = "concluded"


class Mode(models.TextChoices):
    MANUAL = "manual", "Manual: recommend, and leave it to a person"
    APPROVAL = "approval", "Approval: act once a second person agrees"
    AUTO = "auto", "Automatic: act on the verdict"


class Purpose(models.TextChoices):
    TEST = "test", "Finds out which version is better"
    HOLDBACK = "holdback", "Goes on measuring what was shipped"


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def in_project(self, project_id: UUID) -> "ExperimentQuerySet":
        return self.filter(project_id=project_id)

    def live(self) -> "ExperimentQuerySet":
        """Those that hold their context: running or paused."""
        return self.filter(status__in=[Status.RUNNING, Status.PAUSED])

    def running(self) -> "ExperimentQuerySet":
        return self.filter(status=Status.RUNNING)

    def measuring(self, metric: Metric) -> "ExperimentQuerySet":
        """Those that name the metric as their primary, a guardrail or a secondary."""
        named = models.Q(primary_metric=metric) | models.Q(secondary_metrics=metric)
        return self.filter(named | models.Q(guardrails__metric=metric)).distinct()

    def with_parts(self) -> "ExperimentQuerySet":
        """Each with what it is shown with. Four queries, however many there are."""
        # Long texts stay where they are, and all that was seen at the end has an address of its own.
        arms = Arm.objects.select_related("version").only(
            "experiment", "number", "share", "withdrawn_at", "version__number"
        )
        guardrails = Guardrail.objects.select_related("metric")
        return (
            self.select_related("prompt", "primary_metric", "started_by", "approved_by")
            .prefetch_related(
                models.Prefetch("arms", arms), models.Prefetch("guardrails", guardrails), "secondary_metrics"
            )
            .defer("evidence", "intersections", "frozen_caps", "prompt__example_input", "prompt__example_output")
            .annotate(
                ended_action=models.F("evidence__action"),
                ended_arm=models.F("evidence__arm"),
                ended_production=models.F("evidence__production"),
            )
        )

    def needing_a_person(self) -> "ExperimentQuerySet":
        """Those that recommend something, wait for a second person, or ask for somebody to look."""
        return self.live().exclude(proposal=None, alarm="")


class Experiment(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=200)
    hypothesis = models.TextField(blank=True, default="")
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="experiments")
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.TEST, editable=False)
    # What a holdback goes on measuring.
    holdback_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="holdbacks", editable=False)
    salt = models.CharField(max_length=32, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.MANUAL)
    primary_metric = models.ForeignKey(Metric, models.PROTECT, related_name="+")
    secondary_metrics = models.ManyToManyField(Metric, blank=True, related_name="+")
    significance = models.FloatField(default=0.05, validators=[MinValueValidator(0.001), MaxValueValidator(0.2)])
    smallest_effect = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(10)],
        help_text="The smallest relative effect worth having: 0.05 is 5 %.",
    )
    planned_units = models.PositiveIntegerField(
        null=True, editable=False, help_text="In all arms together; worked out and fixed at the start."
    )
    min_sample_size = models.PositiveIntegerField(default=100, validators=[MinValueValidator(100)])
    max_duration_days = models.PositiveIntegerField(
        default=28, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    ramp = models.JSONField(default=default_ramp, blank=True)
    ramp_step = models.PositiveSmallIntegerField(default=0, editable=False)
    ramp_step_at = models.DateTimeField(null=True, editable=False)
    coverage = models.PositiveIntegerField(default=0, editable=False)
    holdback = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(WHOLE // 2)],
        help_text="Units that keep the control after a shipping, in ten-thousandths.",
    )
    started_at = models.DateTimeField(null=True, editable=False)
    # No unit is exposed after this; the last windows are waited for.
    exposure_ended_at = models.DateTimeField(null=True, editable=False)
    concluded_at = models.DateTimeField(null=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    # The key by which it was started: it acts for its maker, who is `started_by`.
    started_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+", editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    verdict = models.CharField(max_length=20, blank=True, default="", editable=False)
    # What its last verdict asks for, until it is done: see `experiments.carry_out`. None where nothing is asked for.
    proposal = models.JSONField(null=True, editable=False)
    # Why somebody must look; empty where nobody need.
    alarm = models.TextField(blank=True, default="", editable=False)
    # The results as they stood when it was concluded, with the versions that were and are in production.
    evidence = models.JSONField(null=True, editable=False)
    # By metric slug; what all looks so far agree on: see `experiments.analyse`.
    frozen_caps = models.JSONField(default=dict, editable=False)
    intersections = models.JSONField(default=dict, editable=False)
    watched_at = models.DateTimeField(null=True, editable=False)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt"], condition=models.Q(status__in=["running", "paused"]), name="one_live_experiment"
            ),
            models.CheckConstraint(condition=models.Q(coverage__lte=WHOLE), name="coverage_in_range"),
        ]
        indexes = [models.Index(fields=["project", "status"])]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.status in (Status.RUNNING, Status.PAUSED)

    def tell(self, action: str, access: Access | None = None, *, reason: str = "", **facts: Any) -> "ExperimentEvent":
        """Write down what was done. Without an access it was the worker."""
        return ExperimentEvent.objects.create(
            experiment=self,
            action=action,
            actor_id=access.user_id if access else None,
            key_id=access.key_id if access else None,
            reason=reason,
            facts=facts,
        )


class Arm(Identified):
    """One side. Number 0 is the control: the version in production at the start."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    number = models.PositiveSmallIntegerField()
    version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    share = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(WHOLE)])
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["experiment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_arm_number"),
            models.UniqueConstraint(fields=["experiment", "version"], name="one_arm_version"),
        ]

    def __str__(self) -> str:
        return "control" if self.number == 0 else f"arm {self.number}"


class Guardrail(Identified):
    """A metric that must not get worse by more than `margin`, relative to the control."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="guardrails")
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+")
    margin = models.FloatField(default=0.0, validators=[MinValueValidator(0), MaxValueValidator(10)])

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["experiment", "metric"], name="one_guardrail")]

    def __str__(self) -> str:
        return f"{self.metric} ± {self.margin:.0%}"


class ExperimentEvent(Event):
    """What was done to an experiment."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="events")


class Snapshot(Identified):
    """The results as one analysis saw them, for the chart."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="snapshots")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=20)
    results = models.JSONField()

    class Meta:
        ordering = ["experiment", "at"]
        constraints = [models.UniqueConstraint(fields=["experiment", "at"], name="one_snapshot")]

    def __str__(self) -> str:
        return f"{self.verdict} at {self.at:%Y-%m-%d %H:%M}"
