"""This file lets you act on a verdict as the experiment's mode says: recommend, ask for approval, or do it."""

from typing import Any

from assay.core.errors import AssayError
from django.db import transaction

from experiments.access_of_starter import access_of_starter
from experiments.analyse import Analysis
from experiments.carry_out import carry_out
from experiments.claim_experiment import claim_experiment
from experiments.models import Experiment
from experiments.models.experiments import Mode, Purpose, Status

Proposal = dict[str, Any]


def act_on_verdict(*, analysis: Analysis) -> bool:
    """Whether something was done to the experiment, so that this analysis tells of it no more."""
    proposal, alarm = propose(analysis), _alarm(analysis)
    automatic = analysis.experiment.mode == Mode.AUTO or analysis.experiment.purpose == Purpose.HOLDBACK
    if proposal is not None and automatic:
        try:
            return _do(analysis.experiment, proposal)
        except AssayError as error:
            # What was begun is undone. A person may do it, or give back what the starter has lost.
            alarm = f"It could not {proposal['action'].replace('_', ' ')} by itself: {error.detail}"
    _ask(analysis.experiment, proposal, alarm)
    return False


def propose(analysis: Analysis) -> Proposal | None:
    """What the verdict asks for: an action, its arm where it has one, and the reasons. None to go on."""
    verdict = analysis.verdict
    if analysis.experiment.purpose == Purpose.HOLDBACK:
        # What it measures is in production: it ends when its time is up, and changes nothing.
        return _proposal(analysis, "conclude") if analysis.reading.time_up else None
    if verdict.concludes:
        action = "conclude" if verdict.outcome == "inconclusive" else verdict.outcome
        return _proposal(analysis, action, verdict.treatment)
    if verdict.withdraw:
        return _proposal(analysis, "withdraw", verdict.withdraw[0])
    return None


def _proposal(analysis: Analysis, action: str, treatment: str | None = None) -> Proposal:
    verdict = analysis.verdict
    reasons = verdict.reasons
    if action == "withdraw":
        reasons = next(each.reasons for each in verdict.treatments if each.treatment == treatment)
    return {
        "action": action,
        "arm": analysis.arm_of(treatment) if treatment is not None else None,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in reasons],
        "since": analysis.at.isoformat(),
    }


def _alarm(analysis: Analysis) -> str:
    verdict = analysis.verdict
    if analysis.experiment.purpose == Purpose.HOLDBACK and verdict.outcome == "roll_back":
        return "What was shipped is worse than what was there before: " + " ".join(r.text for r in verdict.reasons)
    if not verdict.calls_person:
        return ""
    doubts = [each.reasons for each in verdict.treatments if each.untrusted] or [verdict.reasons]
    return " ".join(dict.fromkeys(reason.text for reasons in doubts for reason in reasons))


@transaction.atomic
def _do(experiment: Experiment, proposal: Proposal) -> bool:
    access = access_of_starter(experiment)
    try:
        claimed = claim_experiment(access=access, experiment=experiment, statuses=(Status.RUNNING,), to="act")
    except AssayError as error:
        if error.code == "wrong_status":
            # Somebody was quicker.
            return True
        raise
    carry_out(access=access, experiment=claimed, proposal=proposal)
    return True


@transaction.atomic
def _ask(experiment: Experiment, proposal: Proposal | None, alarm: str) -> None:
    """Leave word of what is asked for, and of what is wrong; an event where that is news."""
    claimed = Experiment.objects.running().select_for_update(no_key=True).filter(pk=experiment.pk).first()
    if claimed is None:
        return
    before = claimed.proposal or {}
    if proposal is not None and (before.get("action"), before.get("arm")) == (proposal["action"], proposal["arm"]):
        proposal = proposal | {"since": before["since"]}
    elif proposal is not None:
        told = " ".join(each["text"] for each in proposal["reasons"])
        claimed.tell("proposed", reason=told, proposed=proposal["action"], arm=proposal["arm"])
    elif before:
        claimed.tell("no_longer_proposed", proposed=before["action"], arm=before["arm"])
    if alarm and not claimed.alarm:
        claimed.tell("called_a_person", reason=alarm)
    claimed.proposal, claimed.alarm = proposal, alarm
    claimed.save(update_fields=["proposal", "alarm"])
