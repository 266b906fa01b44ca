"""How states, verdicts and events are said on pages."""

from typing import Any

from experiments.models import Experiment, ExperimentEvent

STATUS_CHIPS = {"draft": "", "running": "as-chip-info", "paused": "as-chip-gold", "concluded": ""}
# A verdict's word and colour.
OUTCOMES = {
    "ship": ("ship", "good"),
    "keep_running": ("keep running", "info"),
    "roll_back": ("roll back", "bad"),
    "inconclusive": ("inconclusive", "gold"),
}
HEADLINES = {
    "ship": "Ship {treatment}",
    "keep_running": "Keep it running",
    "roll_back": "Roll back",
    "inconclusive": "Inconclusive",
}
EVENTS = {
    "drafted": "drafted it",
    "changed": "changed the draft",
    "started": "started it",
    "paused": "paused it",
    "resumed": "let it go on",
    "widened": "widened it",
    "withdrew": "took out",
    "shipped": "shipped",
    "rolled_back": "rolled it back",
    "concluded": "ended it",
    "taken_back": "took the shipping back",
    "approved": "agreed",
    "exposure_ended": "closed it to new units",
    "proposed": "proposed",
    "no_longer_proposed": "no longer proposes",
    "called_a_person": "called a person",
}
PROPOSED = {"ship": "to ship {}", "roll_back": "to roll back", "conclude": "to end it", "withdraw": "to take {} out"}


def told(event: ExperimentEvent, arms: dict[int, str]) -> dict[str, Any]:
    """An event as a line of the timeline."""
    actor = event.actor.get_username() if event.actor else "The worker" if event.key is None else "Somebody who left"
    return {
        "at": event.created_at,
        "who": actor if event.key is None else f"{actor}, by the key {event.key.name}",
        "did": EVENTS.get(event.action, event.action.replace("_", " ")),
        "more": _more(event, arms),
        "reason": event.reason,
        "kind": event.action,
    }


def _more(event: ExperimentEvent, arms: dict[int, str]) -> str:
    facts = event.facts
    if event.action == "started" and "planned_units" in facts:
        return f"planned with {facts['planned_units']:,} units"
    if event.action == "widened" and "coverage" in facts:
        return f"to {facts['coverage'] / 100:g} % of units"
    if event.action in ("withdrew", "shipped") and "arm" in facts:
        return arms.get(facts["arm"], "")
    if event.action in ("proposed", "no_longer_proposed"):
        return PROPOSED.get(facts.get("proposed", ""), "").format(arms.get(facts.get("arm"), "")).strip()
    return ""


def ended_as(experiment: Experiment) -> tuple[str, str]:
    """What became of a concluded experiment, in words, and its colour."""
    evidence = experiment.evidence or {}
    match evidence.get("action"):
        case "ship":
            number = next(
                (str(arm.version.number) for arm in experiment.arms.all() if arm.number == evidence["arm"]), ""
            )
            return f"{number} was shipped", "good"
        case "roll_back":
            return "It was rolled back", "bad"
    return "It ended without a shipping", ""
