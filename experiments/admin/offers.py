"""This file lets a page offer what its state and its reader allow, and nothing else."""

from dataclasses import dataclass
from typing import Any

from experiments.models import Arm, Experiment
from experiments.models.experiments import Mode, Purpose, Status
from sentinel.access import Access
from vault.models import VaultSettings
from vault.models.labels import PRODUCTION

ASKED_FOR = {"ship": "Ship {arm}", "roll_back": "Roll back", "conclude": "End it", "withdraw": "Take {arm} out"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button. `name`: the action's address; `arm`: sent with it; `confirm`: asked before."""

    name: str
    title: str
    confirm: str = ""
    kind: str = ""
    arm: int | None = None

    @property
    def view(self) -> str:
        return f"admin:experiments_experiment_{self.name}"


@dataclass(frozen=True, slots=True)
class Offers:
    """`asked`: what the verdict asks for; `why_not`: why this person cannot ship; `others`: the rest."""

    asked: Offer | None
    why_not: str
    others: list[Offer]


def offers(experiment: Experiment, access: Access, *, served: Any) -> Offers:
    """What this person may do now. `served`: the id of the version in production. One query at most."""
    if not access.may("experiments.write"):
        return Offers(None, "", [])
    if experiment.status == Status.CONCLUDED:
        return Offers(None, "", _after(experiment, served))
    if not experiment.is_live:
        return Offers(None, "", [])
    why_not = _why_not(experiment, access)
    asked = _asked(experiment)
    others = [it for it in _live(experiment, may_ship=not why_not) if asked is None or not _same(it, asked)]
    ships = asked is not None and asked.name in ("promote", "approve")
    return Offers(None if ships and why_not else asked, why_not, others)


def arm_name(arm: Arm) -> str:
    """What an arm is called on pages."""
    return f"{arm.version.number}"


def _same(offer: Offer, asked: Offer) -> bool:
    return offer.name == asked.name and offer.arm == asked.arm


def _asked(experiment: Experiment) -> Offer | None:
    proposal = experiment.proposal
    if proposal is None:
        return None
    names = {arm.number: arm_name(arm) for arm in experiment.arms.all()}
    title = ASKED_FOR.get(proposal["action"], "Do it").format(arm=names.get(proposal["arm"], ""))
    if experiment.mode == Mode.APPROVAL:
        return Offer("approve", f"Agree: {title.lower()}", f"{title}? It is done in your name.", "main")
    address = {"ship": "promote", "roll_back": "roll_back", "withdraw": "withdraw"}.get(proposal["action"], "conclude")
    return Offer(address, title, f"{title}?", "main", proposal["arm"])


def _why_not(experiment: Experiment, access: Access) -> str:
    """Why this person may not have it shipped or agree; empty where they may."""
    if experiment.mode == Mode.APPROVAL and (access.user_id is None or access.user_id == experiment.started_by_id):
        return "Somebody else than who started it has to agree."
    protected = VaultSettings.objects.of(experiment.project_id).protected_labels
    if PRODUCTION in protected and not access.may("keys.manage"):
        return "The label production is protected: an admin or owner has to do it."
    return ""


def _live(experiment: Experiment, *, may_ship: bool) -> list[Offer]:
    found = [_pause_or_resume(experiment)]
    if experiment.status == Status.RUNNING and experiment.ramp_step + 1 < len(experiment.ramp):
        wider = experiment.ramp[experiment.ramp_step + 1]["coverage"] / 100
        found.append(Offer("widen", f"Widen to {wider:g} %", "Let more units take part now, without waiting?"))
    if experiment.purpose == Purpose.HOLDBACK:
        return [*found, Offer("conclude", "End it", "End it? What it found is kept.")]
    treatments = [arm for arm in experiment.arms.all() if arm.number and arm.withdrawn_at is None]
    for arm in treatments:
        name = arm_name(arm)
        if may_ship:
            told = f"Ship {name} now? It is served to everybody, and the experiment is over."
            found.append(Offer("promote", f"Ship {name}", told, "", arm.number))
        if len(treatments) > 1:
            told = f"Take {name} out? Its units get what is in production, and it cannot come back."
            found.append(Offer("withdraw", f"Take {name} out", told, "", arm.number))
    rolled = "Roll it back? Everybody gets what is in production, and the experiment is over."
    ended = "End it without shipping? What it found is kept."
    return [*found, Offer("conclude", "End it", ended), Offer("roll_back", "Roll back", rolled, "bad")]


def _pause_or_resume(experiment: Experiment) -> Offer:
    if experiment.status == Status.PAUSED:
        return Offer("resume", "Go on")
    return Offer("pause", "Pause", "Pause it? Who is in it stays; nobody new takes part.")


def _after(experiment: Experiment, served: Any) -> list[Offer]:
    """After a shipping it can be taken back, for as long as production is what it shipped."""
    evidence = experiment.evidence or {}
    production = evidence.get("production") or {}
    shipped = evidence.get("action") == "ship" and production.get("before")
    if not shipped or str(served) != production.get("after"):
        return []
    told = "Take the shipping back? Production moves to the version from before at once."
    return [Offer("roll_back", "Take the shipping back", told, "bad")]
