"""What was seen of units: when each met its arm, and what it brought."""

from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7
from experiments.models.experiments import Experiment
from experiments.models.metrics import Metric
from sentinel.models import Project


class Exposure(models.Model):
    """The first time a unit met an arm. `unit` is the 8-byte hash of the caller's own id, as a signed number."""

    pk = models.CompositePrimaryKey("experiment_id", "unit")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="exposures")
    unit = models.BigIntegerField()
    arm = models.SmallIntegerField()
    exposed_at = models.DateTimeField()
    # The unit has been seen in another arm, too: a client whose shares were not these.
    in_other_arm = models.BooleanField(default=False)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["project", "unit"])]

    def __str__(self) -> str:
        return f"{self.unit:x} in arm {self.arm}"


class Outcome(models.Model):
    """A number measured for a unit. It belongs to project and unit, never to an experiment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    unit = models.BigIntegerField()
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+")
    value = models.FloatField()
    weight = models.FloatField(default=1.0)
    at = models.DateTimeField()
    # The caller's own name of it: the same outcome sent twice is one.
    outcome_id = models.UUIDField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "outcome_id"], name="one_outcome")]
        indexes = [models.Index(fields=["project", "unit", "metric", "at"])]

    def __str__(self) -> str:
        return f"{self.value:g} / {self.weight:g}"


class Pending(models.Model):
    """Something new is known of this unit: its totals are to be worked out again. Appended by triggers."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    unit = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project"])]

    def __str__(self) -> str:
        return f"{self.unit:x}"


class UnitTotal(models.Model):
    """A unit's sums for one metric of one experiment, as of the last fold. Zeros where it brought nothing."""

    pk = models.CompositePrimaryKey("experiment_id", "metric_id", "unit")
    # Made from rows that hold these ids already, by the million: neither is checked again, and the key is index enough.
    experiment = models.ForeignKey(
        Experiment, models.CASCADE, related_name="totals", db_constraint=False, db_index=False
    )
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    unit = models.BigIntegerField()
    arm = models.SmallIntegerField()
    exposed_at = models.DateTimeField()
    # Within the metric's window after the exposure: sums of value and weight (of a mean the mean of the values), the
    # number of rows, and of those how many came when the window had closed already.
    value = models.FloatField(default=0.0)
    weight = models.FloatField(default=0.0)
    rows = models.IntegerField(default=0)
    late_rows = models.IntegerField(default=0)
    # Before the exposure: what CUPED takes off.
    value_before = models.FloatField(default=0.0)
    weight_before = models.FloatField(default=0.0)
    rows_before = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.unit:x}: {self.value:g} / {self.weight:g}"
