"""What people and programs ask of telemetry: each address is one question, and one verb answers it."""

from django.http import HttpRequest

from agents.api.asked import SCOPE, TIMES, Asked, question
from agents.questions.aggregate_decisions import DecisionsAggregate, aggregate_decisions
from agents.questions.aggregate_signals import SignalsAggregate, aggregate_signals
from agents.questions.compare_versions import VersionsCompared, compare_versions
from agents.questions.correlate_decisions import DecisionsFailures, correlate_decisions
from agents.questions.correlate_signals import SignalsOutcomes, correlate_signals
from agents.questions.draw_graph import AgentsGraph, draw_graph
from config.fast_lane import for_programs
from config.rest import invalid_parameter


@for_programs
@question
def decisions_aggregate(request: HttpRequest) -> DecisionsAggregate:
    return aggregate_decisions(scope=Asked(request, SCOPE).scope)


@for_programs
@question
def signals_aggregate(request: HttpRequest) -> SignalsAggregate:
    return aggregate_signals(scope=Asked(request, SCOPE).scope)


@for_programs
@question
def decisions_failures(request: HttpRequest) -> DecisionsFailures:
    return correlate_decisions(scope=Asked(request, SCOPE).scope)


@for_programs
@question
def signals_outcomes(request: HttpRequest) -> SignalsOutcomes:
    return correlate_signals(scope=Asked(request, SCOPE).scope)


@for_programs
@question
def versions_compared(request: HttpRequest) -> VersionsCompared:
    asked = Asked(request, ("agent_id", "version_a", "version_b", "environment", *TIMES))
    asked.required("agent_id")
    version_a, version_b = asked.required("version_a"), asked.required("version_b")
    if version_a == version_b:
        raise invalid_parameter("version_b", "version_a and version_b are the same.")
    return compare_versions(scope=asked.scope, version_a=version_a, version_b=version_b)


@for_programs
@question
def graph(request: HttpRequest) -> AgentsGraph:
    return draw_graph(scope=Asked(request, ("agent_id", "environment", *TIMES)).scope)
