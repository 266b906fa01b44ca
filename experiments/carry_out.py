"""This file lets you do what a verdict asks for."""

from typing import Any

from experiments.conclude_experiment import conclude_experiment
from experiments.models import Experiment
from experiments.promote_experiment import promote_experiment
from experiments.roll_back_experiment import roll_back_experiment
from experiments.withdraw_arm import withdraw_arm
from sentinel.access import Access


def carry_out(*, access: Access, experiment: Experiment, proposal: dict[str, Any]) -> Experiment:
    """Do what is proposed: {"action": "ship" | "roll_back" | "conclude" | "withdraw", "arm": its number or None,
    "reasons": [{"code", "text"}]}. Raises what the action raises."""
    reason = " ".join(each["text"] for each in proposal["reasons"])
    match proposal["action"]:
        case "ship":
            return promote_experiment(access=access, experiment=experiment, arm=proposal["arm"], reason=reason)
        case "withdraw":
            return withdraw_arm(access=access, experiment=experiment, arm=proposal["arm"], reason=reason)
        case "roll_back":
            return roll_back_experiment(access=access, experiment=experiment, reason=reason)
    return conclude_experiment(access=access, experiment=experiment, reason=reason)
