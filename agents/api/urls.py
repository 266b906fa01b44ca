from django.urls import path

from agents.api import found_runs, handoff_moves, handoffs, memory, payload_types, questions, roster, runs, runs_in

ONE = "handoff/<str:task_id>"

urlpatterns = [
    path("runs/batch", runs_in.post_batch, name="runs-batch"),
    path("runs", runs.runs, name="runs"),
    path("runs/loops", found_runs.loops, name="run-loops"),
    path("runs/<path:run_id>/details", found_runs.details, name="run-details"),
    path("decisions/aggregate", questions.decisions_aggregate, name="decisions-aggregate"),
    path("signals/aggregate", questions.signals_aggregate, name="signals-aggregate"),
    path("compare/versions", questions.versions_compared, name="compare-versions"),
    path("correlate/decisions-failures", questions.decisions_failures, name="decisions-failures"),
    path("correlate/signals-outcomes", questions.signals_outcomes, name="signals-outcomes"),
    path("agents/graph", questions.graph, name="agents-graph"),
    path("agents/", roster.Agents.as_view(), name="agents"),
    path("agents/<str:code>/", roster.OneAgent.as_view(), name="agent"),
    path("agents/<str:code>/memory/", memory.Memory.as_view(), name="agent-memory"),
    path("handoff/", handoffs.Handoffs.as_view(), name="handoffs"),
    path("handoff/types/", payload_types.PayloadTypes.as_view(), name="payload-types"),
    path("handoff/pending/<str:agent>/", handoffs.Pending.as_view(), name="pending-handoffs"),
    path(f"{ONE}/", handoffs.OneHandoff.as_view(), name="handoff"),
    path(f"{ONE}/timeline/", handoffs.Timeline.as_view(), name="handoff-timeline"),
    path(f"{ONE}/confirm/", handoff_moves.Confirm.as_view(), name="confirm-handoff"),
    path(f"{ONE}/extend/", handoff_moves.Extend.as_view(), name="extend-lease"),
    path(f"{ONE}/complete/", handoff_moves.Complete.as_view(), name="complete-handoff"),
    path(f"{ONE}/reject/", handoff_moves.Reject.as_view(), name="reject-handoff"),
    path(f"{ONE}/fail/", handoff_moves.Fail.as_view(), name="fail-handoff"),
    path(f"{ONE}/cancel/", handoff_moves.Cancel.as_view(), name="cancel-handoff"),
    path(f"{ONE}/request-input/", handoff_moves.RequestInput.as_view(), name="request-input"),
    path(f"{ONE}/answer/", handoff_moves.Answer.as_view(), name="answer-handoff"),
    path(f"{ONE}/reassign/", handoff_moves.Reassign.as_view(), name="reassign-handoff"),
]
