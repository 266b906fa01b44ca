"""How long a trace may be, and a request: what is too much is refused in one way, at once or in pieces."""

import pytest

from agents.models import WaitingSpan
from agents.otlp.name import Namer
from agents.otlp.read_protobuf import read_protobuf
from agents.otlp.span import Sent as Spans
from tests.agents.spans import TRACE, Sent, agent, in_protobuf, runs, send, steps
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_it_rejects_a_trace_without_end(mia: Person) -> None:
    many = [Sent(number, "x", 1, {"openinference.span.kind": "TOOL"}) for number in range(1, 10_002)]
    told = send(mia, *many, agent(1, trace="f" * 32))

    assert told.rejected_spans == 10_001
    assert list(runs(mia)) == ["f" * 32]

    # A span that came twice is one, whether both come at once or one after the other.
    assert send(mia, *many[:10_000], *many[:3]).rejected_spans == 0
    told = send(mia, agent(20_001), agent(20_002))
    assert told.rejected_spans == 2
    assert "2 spans that would make a trace longer than 10,000 spans" in told.error_message
    assert send(mia, *many[:10_000]).rejected_spans == 0
    assert len(steps(mia, runs(mia)["trace"])) == 10_000


def test_it_neither_holds_nor_joins_plain_spans_of_a_trace_without_end(mia: Person) -> None:
    many = [Sent(number, "x") for number in range(1, 10_003)]
    assert send(mia, *many[:10_001]).rejected_spans == 10_001
    assert not WaitingSpan.objects.exists()

    # What waited already goes on to wait, where the whole would be too long.
    send(mia, *many[:6_000])
    send(mia, *many[6_000:10_000])
    assert send(mia, agent(20_001)).rejected_spans == 0
    assert (len(steps(mia, runs(mia)["trace"])), WaitingSpan.objects.count()) == (0, 10_000)


def test_it_takes_so_many_of_a_request_and_no_more() -> None:
    sent = Spans(Namer(b"key"), earliest=0, latest=2**62)
    read_protobuf(in_protobuf(*(Sent(number, "x") for number in range(1, 50_003))), sent)

    assert len(sent.traces[TRACE]) == 50_000
    assert sent.rejected == {"too_many_sent": 2}
