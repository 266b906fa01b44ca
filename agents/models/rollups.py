"""What runs come to by hour and by day (UTC), for each agent, version and environment: sums alone, so that they add up.

`grain` is `h` or `d`, `start` the first instant of the hour or day in which the run's group was first heard to begin.
"""

from django.db import models

from sentinel.models import Project

GRAINS = {"h": "hour", "d": "day"}
FAILED = [
    f"failed_{kind}" for kind in ("tool", "model", "retrieval", "orchestration", "validation", "timeout", "other")
]


class Rollup(models.Model):
    """Where and when."""

    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, related_name="+")
    grain = models.CharField(max_length=1)
    start = models.DateTimeField()
    agent_id = models.CharField(max_length=100)
    agent_version = models.CharField(max_length=100)
    environment = models.CharField(max_length=100)

    class Meta:
        abstract = True


class FailureCounts(models.Model):
    """Finished runs that have a failure of each type; a run may have several."""

    failed_tool = models.BigIntegerField(default=0)
    failed_model = models.BigIntegerField(default=0)
    failed_retrieval = models.BigIntegerField(default=0)
    failed_orchestration = models.BigIntegerField(default=0)
    failed_validation = models.BigIntegerField(default=0)
    failed_timeout = models.BigIntegerField(default=0)
    failed_other = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class RunCount(Rollup, FailureCounts):
    """Runs by status, and what they used. Each mean has the number of runs that tell of it, and the sum of squares;
    `steps` are those of finished runs, and `steps_sq` the sum of the squares of each run's number of them.

    `with_failures` are finished runs whose status is failure or that have a failure; `tokens` is in and out together.
    """

    pk = models.CompositePrimaryKey("project_id", "grain", "start", "agent_id", "agent_version", "environment")
    runs = models.BigIntegerField(default=0)
    running = models.BigIntegerField(default=0)
    success = models.BigIntegerField(default=0)
    failure = models.BigIntegerField(default=0)
    partial = models.BigIntegerField(default=0)
    with_failures = models.BigIntegerField(default=0)
    looping = models.BigIntegerField(default=0)
    steps = models.BigIntegerField(default=0)
    steps_sq = models.FloatField(default=0.0)
    decisions = models.BigIntegerField(default=0)
    signals = models.BigIntegerField(default=0)
    timed = models.BigIntegerField(default=0)
    latency_ms = models.FloatField(default=0.0)
    latency_sq = models.FloatField(default=0.0)
    metered = models.BigIntegerField(default=0)
    tokens = models.BigIntegerField(default=0)
    tokens_sq = models.FloatField(default=0.0)
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    tokens_cached = models.BigIntegerField(default=0)
    costed = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=24, decimal_places=8, default=0)
    cost_sq = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return f"{self.agent_id} {self.agent_version} in the {GRAINS[self.grain]} of {self.start}"


class DecisionCount(Rollup, FailureCounts):
    """Decisions by type and reason. `runs` are finished runs with such a decision, `runs_with_failures` those of them
    that have a failure."""

    pk = models.CompositePrimaryKey(
        "project_id", "grain", "start", "agent_id", "agent_version", "environment", "decision_type", "reason_code"
    )
    decision_type = models.CharField(max_length=30)
    reason_code = models.CharField(max_length=30)
    decisions = models.BigIntegerField(default=0)
    rated = models.BigIntegerField(default=0)
    confidence = models.FloatField(default=0.0)
    runs = models.BigIntegerField(default=0)
    runs_with_failures = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.decision_type} {self.reason_code} in the {GRAINS[self.grain]} of {self.start}"


class SignalCount(Rollup):
    """Signals by type and code. `runs_told` are finished runs with such a signal, true or false; `runs` those where it
    is true at least once, `runs_success` those of these that succeeded."""

    pk = models.CompositePrimaryKey(
        "project_id", "grain", "start", "agent_id", "agent_version", "environment", "signal_type", "signal_code"
    )
    signal_type = models.CharField(max_length=30)
    signal_code = models.CharField(max_length=30)
    true_count = models.BigIntegerField(default=0)
    false_count = models.BigIntegerField(default=0)
    runs_told = models.BigIntegerField(default=0)
    runs = models.BigIntegerField(default=0)
    runs_success = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.signal_type} {self.signal_code} in the {GRAINS[self.grain]} of {self.start}"


class DropCount(models.Model):
    """How often something was left out on its way in, by the door and by one of a closed list of codes."""

    pk = models.CompositePrimaryKey("project_id", "day", "door", "what")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    day = models.DateField()
    door = models.CharField(max_length=10)
    what = models.CharField(max_length=50)
    count = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.what}: {self.count}"
