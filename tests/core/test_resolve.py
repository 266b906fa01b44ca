"""From a request and a bundle to the text that serves it."""

import ast
import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import assay.core.resolve
import msgspec
import pytest
from assay.core import token
from assay.core.assign import unit_hash
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from assay.core.resolve import Request, resolve
from assay.core.shapes import Client, Message
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.bundles import PROJECT, identifier, make_bundle, make_prompt, make_version

NOW = 1_795_168_299_015


def refusal(bundle: Bundle, **request: Any) -> AssayError:
    with pytest.raises(AssayError) as refused:
        resolve(bundle, Request(**request))
    return refused.value


def test_it_answers_with_all_that_the_caller_needs() -> None:
    bundle = make_bundle(make_prompt(vertical="health"), scores={1: (6.5, 3, 24)})
    request = Request(category="caption", vertical="health", language="de", variables={"name": "Ada"})

    answer = msgspec.to_builtins(resolve(bundle, request, now=NOW))

    read = token.read(answer.pop("resolution_id"))
    assert (read.prompt_id, read.version_id, read.milliseconds) == (identifier(1), identifier(10_001), NOW)
    assert read.unit_hash is None
    assert answer == {
        "prompt": {"id": identifier(1), "name": "prompt 1", "technique": "AIDA", "performance_score": 6.5},
        "version": {"id": identifier(10_001), "number": "1.0.0"},
        "tier": "vertical",
        "language": "en",
        "language_fallback": True,
        "text": "Hello Ada",
        "messages": None,
        "model_settings": {"temperature": 0.3},
        "experiment": None,
        "revision": "7.3",
    }


def test_it_renders_each_message_of_a_chat() -> None:
    messages = [Message("system", "Be {{ tone }}."), Message("user", "{{ name }}")]
    schema = {"properties": {"name": {"type": "string"}, "tone": {"type": "string", "default": "warm"}}}
    bundle = make_bundle(make_prompt(version=make_version(content=messages, variables=schema)))

    answer = resolve(bundle, Request(prompt="prompt 1", variables={"name": "{{ tone }}"}))

    assert answer.tier == "name"
    assert answer.text is None
    assert answer.messages == [Message("system", "Be warm."), Message("user", "{{ tone }}")]


def test_it_serves_the_version_of_the_label() -> None:
    old, new = make_version(1, "old", {}), make_version(2, "new", {})
    prompt = msgspec.structs.replace(
        make_prompt(), versions=[old, new], labels={"production": old.id, "staging": new.id, "latest": new.id}
    )
    bundle = make_bundle(prompt)

    assert resolve(bundle, Request(category="caption")).text == "old"
    assert resolve(bundle, Request(category="caption", label="staging")).text == "new"
    assert refusal(bundle, category="caption", label="canary").code == "unknown_label"


def test_it_writes_a_hash_of_the_unit_and_not_the_unit() -> None:
    answer = resolve(make_bundle(make_prompt()), Request(category="caption", unit="ada", variables={"name": "x"}))

    assert token.read(answer.resolution_id).unit_hash == unit_hash(PROJECT, "ada")


def test_a_unit_always_gets_the_same_prompt_and_a_draw_decides_without_one() -> None:
    prompts = [make_prompt(number, version=make_version(number, f"{number}", {})) for number in range(1, 6)]
    bundle = make_bundle(*prompts, policy="thompson")

    for unit in ("ada", "grace"):
        assert len({resolve(bundle, Request(category="caption", unit=unit)).text for _ in range(20)}) == 1
    assert len({resolve(bundle, Request(category="caption", unit=f"user-{n}")).text for n in range(100)}) == 5
    assert len({resolve(bundle, Request(category="caption"), draw=0.25).text for _ in range(20)}) == 1
    assert len({resolve(bundle, Request(category="caption")).text for _ in range(200)}) == 5


def test_it_shows_a_clients_brand_to_the_template() -> None:
    text = "{% if brand %}{{ brand.do|first }}{{ brand.tagline }}{% else %}plain{% endif %}"
    prompt = make_prompt(version=make_version(content=text, variables={}))
    client = Client(identifier(77), "Dupont", {"do": ["smile"], "dont": ["shout"]})
    bundle = make_bundle(prompt, clients=[client, Client(identifier(78), "Blank", None)])

    assert resolve(bundle, Request(category="caption", client_id=client.id)).text == "smile"
    assert resolve(bundle, Request(category="caption", client_id=identifier(78))).text == "plain"
    assert resolve(bundle, Request(category="caption")).text == "plain"
    unknown = refusal(bundle, category="caption", client_id=identifier(79))
    assert (unknown.code, unknown.status) == ("unknown_client", 404)
    assert refusal(make_bundle(prompt), category="caption", client_id=client.id).code == "no_clients_in_bundle"


@pytest.mark.parametrize(
    ("request_fields", "code", "pointers"),
    [
        ({}, "invalid_context", ["/category", "/prompt"]),
        ({"category": "caption", "prompt": "x"}, "invalid_context", ["/category", "/prompt"]),
        ({"category": 5}, "invalid_context", ["/category"]),
        ({"category": ["caption"], "label": None}, "invalid_context", ["/category", "/label"]),
        ({"category": "caption", "vertical": {}, "platform": 1}, "invalid_context", ["/vertical", "/platform"]),
        ({"category": "caption", "label": 5}, "invalid_context", ["/label"]),
        ({"category": "caption", "label": None}, "invalid_context", ["/label"]),
        ({"category": "caption", "unit": ""}, "invalid_unit", ["/unit"]),
        ({"category": "caption", "unit": 5}, "invalid_unit", ["/unit"]),
        ({"category": "caption", "client_id": 5}, "no_clients_in_bundle", ["/client_id"]),
        ({"category": "caption"}, "missing_variable", ["/variables/name"]),
        ({"category": "caption", "variables": None}, "invalid_variable", ["/variables"]),
        ({"category": "caption", "variables": {"name": 5}}, "invalid_variable", ["/variables/name"]),
        ({"category": "caption", "variables": {"name": "x", "age": 5}}, "unknown_variable", ["/variables/age"]),
    ],
)
def test_it_names_what_is_wrong_with_a_request(request_fields: dict[str, Any], code: str, pointers: list[str]) -> None:
    refused = refusal(make_bundle(make_prompt()), **request_fields)

    assert refused.code == code
    assert [error.pointer for error in refused.errors] == pointers


def test_it_renders_nothing_that_was_not_checked() -> None:
    evil = make_version(content="{{ name.__class__ }}")
    undescribed = make_version(content="{{ name }}{{ other }}")
    slow = make_version(variables={"properties": {"name": {"pattern": "(a+)+$"}}})

    for version, code in (
        (evil, "invalid_template"),
        (undescribed, "invalid_variables_schema"),
        (slow, "invalid_variables_schema"),
    ):
        bundle = make_bundle(make_prompt(version=version))
        for _ in range(2):
            assert refusal(bundle, category="caption", variables={"name": "a"}).code == code


def test_the_messages_of_a_chat_share_one_mebibyte() -> None:
    messages = [Message("user", "{{ name }}"), Message("user", "{{ name }}")]
    bundle = make_bundle(make_prompt(version=make_version(content=messages)))

    assert resolve(bundle, Request(category="caption", variables={"name": "x" * 2**19})).messages
    big = refusal(bundle, category="caption", variables={"name": "x" * (2**19 + 1)})
    wide = refusal(bundle, category="caption", variables={"name": "é" * (2**18 + 1)})
    assert (big.code, wide.code) == ("output_too_large", "output_too_large")


def test_it_takes_over_what_was_compiled_but_not_for_a_version_that_differs() -> None:
    before = make_bundle(make_prompt(version=make_version(content="before", variables={})))
    assert resolve(before, Request(category="caption")).text == "before"
    changed = make_bundle(make_prompt(version=make_version(content="after", variables={})))
    after = Bundle(changed.content, changed.scores, previous=before)

    assert resolve(after, Request(category="caption")).text == "after"
    assert resolve(before, Request(category="caption")).text == "before"
    same = Bundle(copy.deepcopy(before.content), before.scores, previous=after)
    assert resolve(same, Request(category="caption")).text == "before"


def test_it_keeps_a_bounded_number_of_compiled_versions() -> None:
    prompts = [make_prompt(number, name=f"p{number}", version=make_version(number, "x", {})) for number in range(1, 30)]
    bundle = make_bundle(*prompts)
    bundle.compiled.limit = 5

    for _ in range(3):
        for prompt in prompts:
            assert resolve(bundle, Request(prompt=prompt.name)).text == "x"
    assert len(bundle.compiled.young) + len(bundle.compiled.old) <= 10


def test_it_serves_many_threads_from_one_bundle() -> None:
    prompts = [make_prompt(number, name=f"p{number}", version=make_version(number)) for number in range(1, 40)]
    bundle = make_bundle(*prompts)
    bundle.compiled.limit = 10

    def ask(number: int) -> str | None:
        name = f"p{1 + number % 39}"
        return resolve(bundle, Request(prompt=name, unit=name, variables={"name": name})).text

    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(ask, range(2000)))
    assert texts == [f"Hello p{1 + number % 39}" for number in range(2000)]


def test_it_needs_neither_django_nor_a_network_library_of_its_own() -> None:
    core = Path(assay.core.resolve.__file__).parent
    imported = {
        name.split(".")[0]
        for path in core.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else _names(node))
    }

    assert imported - sys.stdlib_module_names == {"assay", "jinja2", "jsonschema_rs", "msgspec"}
    assert not imported & {"socket", "urllib", "http", "sqlite3", "subprocess"}


def _names(node: ast.AST) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_an_error_survives_being_sent_to_another_process() -> None:
    refused = refusal(make_bundle(make_prompt()), category="caption")

    again = pickle.loads(pickle.dumps(refused))

    assert (again.code, again.detail, again.status) == (refused.code, refused.detail, refused.status)
    assert (again.errors, again.extra) == (refused.errors, refused.extra)


anything = st.none() | st.text(st.characters(), max_size=5) | st.integers() | st.lists(st.integers(), max_size=2)
texts = st.sampled_from(["caption", "health", "instagram", "REX", "en", "production"])


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            field: texts | anything
            for field in ("category", "vertical", "platform", "agent_code", "language", "prompt", "unit", "label")
        }
        | {"variables": st.dictionaries(st.text(max_size=3) | st.just("name"), anything, max_size=2) | anything},
    )
)
def test_it_never_raises_anything_but_an_assay_error(fields: dict[str, Any]) -> None:
    bundle = make_bundle(make_prompt(vertical="health", platform="instagram", agent_code="REX"), make_prompt(2))
    try:
        resolve(bundle, Request(**fields))
    except AssayError as error:
        msgspec.json.encode({"errors": error.errors, "extra": error.extra, "detail": error.detail})
