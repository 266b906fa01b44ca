"""Nothing that was said comes in by way of spans: not as a value, a key, a name, an error or an event."""

import json
import logging
from typing import Any

import pytest

from agents.models import Run, Step
from agents.namer_of import namer_of
from agents.otlp.aliases import LENGTHS, NUMBERS, RESOURCE, TEXTS
from agents.otlp.name import Namer
from tests.agents.spans import (
    JSON,
    PROTOBUF,
    Sent,
    agent,
    as_json,
    dump,
    in_json,
    in_protobuf,
    post,
    runs,
    send,
    steps,
    tool,
)
from tests.conftest import Person

pytestmark = pytest.mark.django_db
CANARY = "canary-sings"
# Longer than the fraction of any time that is stored.
NUMBER = "471108151234567"
SENTENCE = f"My account number is {NUMBER}, says the {CANARY}"
CONTENT = (
    *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt.0.content"),
    *("gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.tool.definitions", "gen_ai.agent.description"),
    *("input.value", "output.value", "llm.input_messages.0.message.content", "llm.prompts.0.prompt.text"),
    *("retrieval.documents.0.document.content", "gen_ai.retrieval.query.text", "embedding.embeddings.0.embedding.text"),
    *("reranker.query", "tool.parameters", "metadata", "user.id", "pydantic_ai.all_messages", "http.url", CANARY),
)


def span_full_of_it(number: int, kind: str) -> Sent:
    """A span that says it wherever something can be said."""
    attributes: dict[str, Any] = dict.fromkeys(CONTENT, SENTENCE)
    attributes |= {key: SENTENCE for table in (TEXTS, NUMBERS, LENGTHS) for keys in table.values() for key in keys}
    attributes |= {f"{SENTENCE}.{number}": SENTENCE, f"{CANARY}.list": [SENTENCE, CANARY]}
    attributes |= {"openinference.span.kind": kind, "gen_ai.operation.name": SENTENCE}
    return Sent(
        number, SENTENCE, None if number == 1 else 1, attributes, status=2, message=SENTENCE, exception=SENTENCE
    )


def full_of_it() -> list[Sent]:
    kinds = ("AGENT", "LLM", "TOOL", "RETRIEVER", "CHAIN", "GUARDRAIL", "AGENT", SENTENCE)
    return [span_full_of_it(number, kind) for number, kind in enumerate(kinds, 1)]


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_it_stores_and_logs_no_word_of_what_was_said(
    mia: Person, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    resource = {key: SENTENCE for keys in RESOURCE.values() for key in keys} | {"host.name": SENTENCE}
    write = in_protobuf if content_type == PROTOBUF else in_json
    body = write(*full_of_it(), **resource)
    plain = write(Sent(99, SENTENCE, trace="e" * 32, attributes={"http.route": SENTENCE}), **resource)
    answers = [post(mia, body, content_type), post(mia, plain, content_type)]
    # Twice, so that what is stored is read and merged; and damaged, so that it cannot be.
    answers += [post(mia, body, content_type), post(mia, body[:-2], content_type)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 400]
    assert (len(runs(mia)), Step.objects.count()) == (2, 6)
    assert CANARY not in dump()
    assert NUMBER not in dump()
    # What the tests' own client logs of the queries it made is what was stored; what it sent is not there.
    assert CANARY not in caplog.text
    assert not [answer for answer in answers if CANARY.encode() in answer.content]


def test_it_says_nothing_of_json_that_it_cannot_read(mia: Person) -> None:
    body = as_json(agent(1))
    body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["startTimeUnixNano"] = CANARY
    for sent in (body, {"resourceSpans": CANARY}, CANARY):
        answer = post(mia, json.dumps(sent).encode(), JSON)
        assert (answer.status_code, CANARY in answer.content.decode()) == (400, False)


def test_it_tells_hashed_names_apart_and_knows_them_again(mia: Person, stranger: Person) -> None:
    long = "please bake me a very large loaf of bread"
    for person in (mia, stranger):
        send(person, agent(1), tool(2, 1, long), tool(3, 1, f"{long} now", at=1), tool(4, 1, long, at=2))

    first, second, third = (step.name for step in steps(mia, runs(mia)["trace"]))
    assert first == third != second
    assert first is not None
    assert first.startswith("h:")
    assert len(first) == 18
    # Another project's key is another one: nobody can compare.
    assert Step.objects.filter(name=first).count() == 2
    assert Run.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("search", "search"),
        ("app.tools:Search/v2@eu+1-b", "app.tools:Search/v2@eu+1-b"),
        ("chat gpt-4o", "chat_gpt-4o"),
        ("GET /users/{id}", "GET_/users/_id"),
        ("  two\twords\n", "two_words"),
        ("one two three four five", "one_two_three_four_five"),
        ("", None),
        ("  ", None),
        ("{}", None),
        ("a" * 64, "a" * 64),
    ],
)
def test_it_makes_codes_of_names(name: str, code: str | None) -> None:
    assert Namer(b"key").code(name) == code


@pytest.mark.parametrize(
    "name", ["one two three four five six", "a" * 65, "größe", "请帮我退款", "a\ud800b c d e f g", "x" * 1_000_000]
)
def test_it_hashes_what_may_be_a_sentence(name: str) -> None:
    code = Namer(b"key").code(name)

    assert code is not None
    assert code.startswith("h:")
    assert len(code) == 18
    assert code != Namer(b"other").code(name)


def test_it_derives_its_key_from_the_installations_secret(mia: Person, settings: Any) -> None:
    sentence = "one two three four five six"
    before = namer_of(mia.project.pk).code(sentence)
    assert settings.SECRET_KEY not in dump()
    assert before == namer_of(mia.project.pk).code(sentence)
