from experiments.models.executions import Execution, ExecutionDay
from experiments.models.experiments import Arm, Experiment, ExperimentEvent, Guardrail, Snapshot
from experiments.models.metrics import Metric
from experiments.models.observations import Exposure, Outcome, Pending, UnitTotal

__all__ = [
    "Arm",
    "Execution",
    "ExecutionDay",
    "Experiment",
    "ExperimentEvent",
    "Exposure",
    "Guardrail",
    "Metric",
    "Outcome",
    "Pending",
    "Snapshot",
    "UnitTotal",
]
