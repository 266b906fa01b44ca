"""What is done to an experiment, over HTTP: each address is one verb, and answers with the experiment after it."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE
from experiments.api.base import ExperimentView
from experiments.api.bodies import ApproveFields, PromoteFields, ReasonField, StartFields, WithdrawFields
from experiments.api.experiments import read
from experiments.api.serializers import ExperimentRead
from experiments.approve_experiment import approve_experiment
from experiments.conclude_experiment import conclude_experiment
from experiments.models import Experiment
from experiments.pause_experiment import pause_experiment
from experiments.plan_experiment import Known
from experiments.promote_experiment import promote_experiment
from experiments.resume_experiment import resume_experiment
from experiments.roll_back_experiment import roll_back_experiment
from experiments.start_experiment import start_experiment
from experiments.widen_experiment import widen_experiment
from experiments.withdraw_arm import withdraw_arm

Method = TypeVar("Method", bound=Callable[..., Response])


def described(name: str, body: Any, example: dict[str, Any] | None = None) -> Callable[[Method], Method]:
    """How an action stands in the schema."""
    stands: Callable[[Method], Method] = extend_schema(
        operation_id=f"experiments_{name}",
        request=body,
        responses=ExperimentRead,
        parameters=[ONCE],
        examples=[OpenApiExample("For example", example or {"reason": "Agreed on Monday."}, request_only=True)],
        tags=["experiments"],
    )
    return stands


class ActionView(ExperimentView):
    def act(self, verb: Callable[..., Experiment], fields: dict[str, Any]) -> Response:
        """Do it once for one Idempotency-Key. What was sent as null is as if it had not been sent."""
        experiment = self.experiment
        given = {name: value for name, value in fields.items() if value is not None}

        def work() -> tuple[int, Any]:
            return 200, read(verb(access=self.access, experiment=experiment, **given))

        return self.answer_once(work)


class Start(ActionView):
    @described("start", StartFields, {"baseline": {"mean": 0.04}})
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Start a draft: the units it needs are worked out and fixed, and the ramp's first step takes part."""
        fields = self.read_body(StartFields)
        if fields.get("baseline") is not None:
            fields["baseline"] = Known(**fields["baseline"])
        return self.act(start_experiment, fields)


class Pause(ActionView):
    @described("pause", ReasonField)
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Pause it: known units keep their arm, nobody is exposed anew, the context stays held."""
        return self.act(pause_experiment, self.read_body(ReasonField))


class Resume(ActionView):
    @described("resume", ReasonField)
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Go on with a paused one. The ramp's step begins anew."""
        return self.act(resume_experiment, self.read_body(ReasonField))


class Conclude(ActionView):
    @described("conclude", ReasonField)
    def post(self, request: Request, experiment_id: Any) -> Response:
        """End it without shipping anything: production stays what it is, and the evidence is kept."""
        return self.act(conclude_experiment, self.read_body(ReasonField))


class Promote(ActionView):
    @described("promote", PromoteFields, {"arm": 1})
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Ship a treatment: production moves to its version for everybody, and the experiment is over."""
        return self.act(promote_experiment, self.read_body(PromoteFields))


class RollBack(ActionView):
    @described("roll_back", ReasonField, {"reason": "Complaints about the tone."})
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Take it back: before a shipping its treatments, after one production, to the version of the evidence."""
        return self.act(roll_back_experiment, self.read_body(ReasonField))


class Approve(ActionView):
    @described("approve", ApproveFields, {"action": "ship"})
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Agree, as a second person, to what it asks for, and so have it done."""
        return self.act(approve_experiment, self.read_body(ApproveFields))


class Widen(ActionView):
    @described("widen", ReasonField)
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Take the next step of the ramp: more units take part, and nobody changes arm."""
        return self.act(widen_experiment, self.read_body(ReasonField))


class Withdraw(ActionView):
    @described("withdraw", WithdrawFields, {"arm": 2})
    def post(self, request: Request, experiment_id: Any) -> Response:
        """Take one treatment out while the others go on: its units get production, its share goes to nobody."""
        return self.act(withdraw_arm, self.read_body(WithdrawFields))
