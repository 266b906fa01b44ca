"""What is done to a handoff, over HTTP: each address is one verb, and answers with the handoff after it."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.handoff_base import HandoffView
from agents.api.handoff_bodies import (
    AnswerFields,
    CancelFields,
    CompleteFields,
    ConfirmFields,
    ExtendFields,
    FailFields,
    QuestionFields,
    ReassignFields,
    RejectFields,
)
from agents.api.handoff_reads import CompletedRead, HandoffRead
from agents.api.handoffs import read
from agents.find_agent import find_agent
from agents.handoffs.answer_handoff import answer_handoff
from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.extend_lease import extend_lease
from agents.handoffs.fail_handoff import fail_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.handoffs.reassign_handoff import reassign_handoff
from agents.handoffs.reject_handoff import reject_handoff
from agents.handoffs.request_input import request_input
from agents.models import Handoff
from config.openapi import ONCE

Method = TypeVar("Method", bound=Callable[..., Response])
LEASE = "01a1f870-6278-73b3-8848-6dde89dfa39e"


def described(name: str, body: Any, example: dict[str, Any], answers: Any = HandoffRead) -> Callable[[Method], Method]:
    """How a move stands in the schema."""
    stands: Callable[[Method], Method] = extend_schema(
        operation_id=f"handoffs_{name}",
        request=body,
        responses=answers,
        parameters=[ONCE],
        examples=[OpenApiExample("For example", example, request_only=True)],
        tags=["handoffs"],
    )
    return stands


class MoveView(HandoffView):
    def move(self, verb: Callable[..., Handoff], fields: dict[str, Any]) -> Response:
        """Do it once for one Idempotency-Key. What was sent as null is as if it had not been sent, but for a question
        or an answer."""
        handoff = self.handoff
        kept = ("question", "answer")
        given = {name: value for name, value in fields.items() if value is not None or name in kept}

        def work() -> tuple[int, Any]:
            return 200, read(verb(access=self.access, handoff=handoff, **given))

        return self.answer_once(work)


class Confirm(MoveView):
    @described("confirm", ConfirmFields, {"agent": "RAFA", "worker": "writer-1", "lease_seconds": 600})
    def post(self, request: Request, task_id: str) -> Response:
        """Take it: of two at once one wins, the other is told who has it. It is yours until the lease runs out; name
        the lease's id with what you bring back."""
        return self.move(confirm_handoff, self.read_body(ConfirmFields))


class Extend(MoveView):
    @described("extend", ExtendFields, {"lease_id": LEASE, "lease_seconds": 600})
    def post(self, request: Request, task_id: str) -> Response:
        """Keep it: the lease is counted from now."""
        return self.move(extend_lease, self.read_body(ExtendFields))


class Complete(MoveView):
    @described(
        "complete",
        CompleteFields,
        {"lease_id": LEASE, "result": {"text": "Flour, water, salt, and a night of patience."}},
        {200: CompletedRead, 202: CompletedRead},
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Bring back what it came to. 202 and `late` where the lease was lost or the handoff is over: then it is kept
        beside, and changes nothing."""
        handoff = self.handoff
        fields = self.read_body(CompleteFields)
        given = {name: value for name, value in fields.items() if value is not None or name == "result"}

        def work() -> tuple[int, Any]:
            kept = complete_handoff(access=self.access, handoff=handoff, **given)
            after = read(find_handoff(self.access.project_id, handoff.task_id))
            told = {"late": kept.late, "late_reason": kept.late_reason, "handoff": after}
            return 202 if kept.late else 200, told

        return self.answer_once(work)


class Reject(MoveView):
    @described("reject", RejectFields, {"reason": "Not what I do.", "reason_code": "out_of_scope"})
    def post(self, request: Request, task_id: str) -> Response:
        """Turn it down, confirmed or not."""
        return self.move(reject_handoff, self.read_body(RejectFields))


class Fail(MoveView):
    @described("fail", FailFields, {"lease_id": LEASE, "reason_code": "model_unavailable", "retry": True})
    def post(self, request: Request, task_id: str) -> Response:
        """Say that it failed: for good, or with `retry` so that it waits again while an attempt is left."""
        return self.move(fail_handoff, self.read_body(FailFields))


class Cancel(MoveView):
    @described("cancel", CancelFields, {"reason": "No longer wanted."})
    def post(self, request: Request, task_id: str) -> Response:
        """Call it off, whoever has it."""
        return self.move(cancel_handoff, self.read_body(CancelFields))


class RequestInput(MoveView):
    @described("request_input", QuestionFields, {"lease_id": LEASE, "question": "For beginners, or for bakers?"})
    def post(self, request: Request, task_id: str) -> Response:
        """Ask back. It waits, without a lease, until somebody answers."""
        return self.move(request_input, self.read_body(QuestionFields))


class Answer(MoveView):
    @described("answer", AnswerFields, {"answer": "For beginners."})
    def post(self, request: Request, task_id: str) -> Response:
        """Answer what was asked: it waits again for its agent."""
        return self.move(answer_handoff, self.read_body(AnswerFields))


class Reassign(MoveView):
    @described("reassign", ReassignFields, {"to_agent": "ATLAS", "reason": "RAFA is away."})
    def post(self, request: Request, task_id: str) -> Response:
        """Give it to another agent, whether or not the first has begun. All its attempts are there again."""
        fields = self.read_body(ReassignFields)
        fields["to_agent"] = find_agent(self.access.project_id, fields["to_agent"], pointer="/to_agent")
        return self.move(reassign_handoff, fields)
