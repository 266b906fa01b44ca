"""Whatever is wrong with what is sent: a 4xx with its code and pointer, nothing changed, no traceback."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection

from tests.api.calls import CAPTION, CLIENTS, VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.add_version import add_version
from vault.models import Client, Prompt

Path = Callable[["Ground"], str]


class Ground:
    """A prompt with two versions, another one, a client, and a stranger's things, all there before the bad request."""

    def __init__(self, mia: Person, stranger: Person) -> None:
        self.prompt = make_prompt(mia)
        add_version(access=mia.access, prompt=self.prompt, content="Good day {{ name }}")
        self.other = make_prompt(mia, name="farewell", content="Bye {{ name }}")
        self.client = Client.objects.create(project=mia.project, name="Casa")
        self.strangers = make_prompt(stranger, name="wood", content="Saw {{ name }}")
        self.version = self.prompt.versions.get(number="1.0.0")
        self.other_version = self.other.versions.get()
        self.strangers_version = self.strangers.versions.get()

    def named(self, text: Any) -> Any:
        """`text` with the names of what is here filled in."""
        names = {
            "$prompt": self.prompt.pk,
            "$other_version": self.other_version.pk,
            "$version": self.version.pk,
            "$client": self.client.pk,
            "$strangers_version": self.strangers_version.pk,
            "$strangers": self.strangers.pk,
            "$id": uuid4(),
        }
        for name, value in names.items():
            text = text.replace(name, str(value))
        return text


def rows() -> dict[str, Any]:
    """How many rows each table holds, and how far the projects have moved."""
    tables = [
        model._meta.db_table
        for label in ("sentinel", "vault", "experiments", "agents")
        for model in apps.get_app_config(label).get_models()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
        counts: dict[str, Any] = dict(cursor.fetchall())
    counts["revisions"] = list(
        apps.get_model("sentinel", "Revision").objects.order_by("pk").values_list("content", "scores", "access")
    )
    counts["scores"] = list(Prompt.objects.order_by("pk").values_list("performance_score", "times_used", "is_active"))
    return counts


P = VAULT + "$prompt/"
DEEP = b'{"a":' * 3000 + b"1" + b"}" * 3000
NESTED = b'{"name":' + b"[" * 40 + b"]" * 40 + b"}"
MANY_KEYS = json.dumps({f"k{n}": 0 for n in range(120_000)}).encode()
DIGITS = b"9" * 1000


def caption(**changes: Any) -> dict[str, Any]:
    return CAPTION | changes


def says(text: str) -> tuple[str, str, dict[str, Any]]:
    return ("POST", VAULT, caption(content=text))


# (what is wrong, request, status, code, first pointer or None for one that points nowhere)
TABLE: list[tuple[str, tuple[str, str, Any], int, str, str | None]] = [
    # Bodies that are no JSON, or not such as could be stored.
    ("no JSON", ("POST", VAULT, b"name=x"), 400, "invalid_json", None),
    ("an empty body", ("POST", VAULT, b""), 422, "invalid", "/name"),
    ("half a JSON", ("POST", VAULT, b'{"name": "x'), 400, "invalid_json", None),
    ("two JSONs", ("POST", VAULT, b"{}{}"), 400, "invalid_json", None),
    ("a byte order mark in UTF-16", ("POST", VAULT, '{"name": "x"}'.encode("utf-16")), 400, "invalid_json", None),
    ("invalid UTF-8", ("POST", VAULT, b'{"name": "\xff\xfe"}'), 400, "invalid_json", None),
    ("an overlong UTF-8", ("POST", VAULT, b'{"name": "\xc0\x80"}'), 400, "invalid_json", None),
    ("a lone surrogate", ("POST", VAULT, b'{"name": "\\ud800"}'), 400, "invalid_json", None),
    ("an encoded surrogate", ("POST", VAULT, b'{"name": "\xed\xa0\x80"}'), 400, "invalid_json", None),
    ("NUL", ("POST", VAULT, b'{"name": "a\\u0000b"}'), 422, "unstorable_value", "/name"),
    ("NUL in a key", ("POST", VAULT, b'{"a\\u0000": 1}'), 422, "unstorable_value", "/a\0"),
    ("NUL in the text", says("a\0b"), 422, "unstorable_value", "/content"),
    ("NaN", ("POST", P + "performance/", b'{"engagement_rate": NaN}'), 400, "invalid_json", None),
    ("a number beyond doubles", ("POST", P + "performance/", b'{"engagement_rate": 1e999}'), 400, "invalid_json", None),
    ("a thousand digits", ("POST", P + "performance/", b'{"likes": %s, "impressions": 1}' % DIGITS), 0, "", None),
    ("65 bits", ("POST", P + "performance/", {"likes": 2**64, "impressions": 1}), 422, "unstorable_value", "/likes"),
    ("three thousand levels", ("POST", VAULT, DEEP), 0, "", None),
    ("forty levels", ("POST", VAULT, NESTED), 422, "unstorable_value", None),
    ("too many keys", ("POST", VAULT, MANY_KEYS), 413, "too_many_values", None),
    ("20 MB", ("POST", VAULT, b'"' + b"x" * 20_000_000 + b'"'), 413, "body_too_large", None),
    ("20 MB to resolve", ("POST", "/api/v1/resolve", b'"' + b"x" * 20_000_000 + b'"'), 413, "body_too_large", None),
    ("a list", ("POST", VAULT, []), 422, "invalid", ""),
    ("a string", ("PATCH", P, "x"), 422, "invalid", ""),
    ("null", ("PATCH", P, b"null"), 422, "invalid", ""),
    # Fields.
    ("an unknown field", ("POST", VAULT, caption(colour="red")), 422, "invalid", "/colour"),
    ("an unknown field in a change", ("PATCH", P, {"performance_score": 10}), 422, "invalid", "/performance_score"),
    ("an id of one's own", ("POST", VAULT, caption(id=str(uuid4()))), 422, "invalid", "/id"),
    ("a project in the body", ("POST", VAULT, caption(project=str(uuid4()))), 422, "invalid", "/project"),
    ("no category", ("POST", VAULT, {"name": "x", "content": "y"}), 422, "invalid", "/category"),
    ("a number for a name", ("POST", VAULT, caption(name=5)), 422, "invalid", "/name"),
    ("a boolean for a name", ("POST", VAULT, caption(name=True)), 422, "invalid", "/name"),
    ("an empty name", ("POST", VAULT, caption(name="  ")), 422, "invalid", "/name"),
    ("a long name", ("POST", VAULT, caption(name="x" * 201)), 422, "invalid", "/name"),
    ("a category with spaces", ("POST", VAULT, caption(category="a b")), 422, "invalid", "/category"),
    ("an empty platform", ("POST", VAULT, caption(platform="")), 422, "invalid", "/platform"),
    ("a language that is none", ("POST", VAULT, caption(language="English!")), 422, "invalid", "/language"),
    ("a tag that is a number", ("POST", VAULT, caption(tags=["a", 1])), 422, "invalid", "/tags/1"),
    ("tags that are no list", ("POST", VAULT, caption(tags="a")), 422, "invalid", "/tags"),
    ("a publish that is a word", ("POST", VAULT, caption(publish="yes")), 422, "invalid", "/publish"),
    ("an unknown kind", ("POST", VAULT, caption(kind="poem")), 422, "invalid", "/kind"),
    ("a kind that is an object", ("POST", VAULT, caption(kind={"a": 1})), 422, "invalid", "/kind"),
    ("an active name twice", ("POST", VAULT, caption(name="greeting")), 409, "name_taken", "/name"),
    # Templates.
    ("an empty text", says(""), 422, "invalid_content", "/content"),
    ("no text", ("POST", VAULT, caption(content=None)), 422, "invalid", "/content"),
    ("a text that is a number", ("POST", VAULT, caption(content=5)), 422, "invalid_content", "/content"),
    ("one that does not parse", says("{{ a"), 422, "invalid_template", "/content"),
    ("one that loops for ever", says("{% for a in range(10**9) %}x{% endfor %}"), 422, "invalid_template", "/content"),
    ("one that loops in itself", says("{% macro m() %}{{ m() }}{% endmacro %}"), 422, "invalid_template", "/content"),
    ("one that multiplies strings", says("{{ 'a' * 10**9 }}"), 422, "invalid_template", "/content"),
    ("one that pads to a gigabyte", says("{{ '%1000000000s' | format(a) }}"), 422, "invalid_template", "/content"),
    ("one that pads by a method", says("{{ a.ljust(1000000000) }}"), 422, "invalid_template", "/content"),
    ("one that reaches for __class__", says("{{ a.__class__ }}"), 422, "invalid_template", "/content"),
    ("the same by index", says("{{ a['__class__'] }}"), 422, "invalid_template", "/content"),
    ("one that includes", says("{% include '/etc/passwd' %}"), 422, "invalid_template", "/content"),
    ("a megabyte", says("x" * 1_100_000), 422, "template_too_large", "/content"),
    ("a deep expression", says("{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}"), 422, "invalid_template", "/content"),
    ("a chat of kind text", ("POST", VAULT, caption(content=[])), 422, "invalid_content", "/content"),
    ("an empty chat", ("POST", VAULT, caption(kind="chat", content=[])), 422, "invalid_content", "/content"),
    (
        "a chat with an unknown role",
        ("POST", VAULT, caption(kind="chat", content=[{"role": "god", "content": "x"}])),
        422,
        "invalid_role",
        "/content/0/role",
    ),
    (
        "a chat whose second message does not parse",
        (
            "POST",
            VAULT,
            caption(kind="chat", content=[{"role": "user", "content": "x"}, {"role": "user", "content": "{{"}]),
        ),
        422,
        "invalid_template",
        "/content/1/content",
    ),
    # Variables and settings.
    ("a schema that is a list", ("POST", VAULT, caption(variables=[])), 422, "invalid", "/variables"),
    (
        "a pattern of a billion steps",
        (
            "POST",
            VAULT,
            caption(variables={"type": "object", "properties": {"address": {"type": "string", "pattern": "^(a+)+$"}}}),
        ),
        422,
        "invalid_variables_schema",
        "/variables/properties/address/pattern",
    ),
    (
        "a reference",
        ("POST", VAULT, caption(variables={"type": "object", "properties": {"address": {"$ref": "#"}}})),
        422,
        "invalid_variables_schema",
        "/variables/properties/address/$ref",
    ),
    (
        "a schema without what the text uses",
        ("POST", VAULT, caption(variables={"type": "object", "properties": {}})),
        422,
        "invalid_variables_schema",
        "/variables/properties/address",
    ),
    ("a hot model", ("POST", VAULT, caption(model_settings={"temperature": 9})), 422, "out_of_range", None),
    ("an unknown setting", ("POST", VAULT, caption(model_settings={"heat": 1})), 422, "invalid_model_settings", None),
    # Engagement.
    (
        "a rate above 1",
        ("POST", P + "performance/", {"engagement_rate": 1.1}),
        422,
        "invalid_engagement",
        "/engagement_rate",
    ),
    (
        "a rate below 0",
        ("POST", P + "performance/", {"engagement_rate": -0.1}),
        422,
        "invalid_engagement",
        "/engagement_rate",
    ),
    (
        "a rate that is a string",
        ("POST", P + "performance/", {"engagement_rate": "0.5"}),
        422,
        "invalid",
        "/engagement_rate",
    ),
    (
        "a rate that is true",
        ("POST", P + "performance/", {"engagement_rate": True}),
        422,
        "invalid",
        "/engagement_rate",
    ),
    ("nothing", ("POST", P + "performance/", {}), 422, "required", "/impressions"),
    (
        "no impressions",
        ("POST", P + "performance/", {"likes": 0, "impressions": 0}),
        422,
        "invalid_engagement",
        "/impressions",
    ),
    (
        "more likes than impressions",
        ("POST", P + "performance/", {"likes": 2, "impressions": 1}),
        422,
        "invalid_engagement",
        "/impressions",
    ),
    (
        "negative likes",
        ("POST", P + "performance/", {"likes": -1, "impressions": 5}),
        422,
        "invalid_engagement",
        "/likes",
    ),
    ("half a like", ("POST", P + "performance/", {"likes": 0.5, "impressions": 5}), 422, "invalid", "/likes"),
    (
        "both ways at once",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "impressions": 5}),
        422,
        "invalid_engagement",
        "/engagement_rate",
    ),
    (
        "a made-up resolution",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "resolution_id": "x"}),
        422,
        "invalid_resolution_id",
        "/resolution_id",
    ),
    (
        "a version without its unit",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "version": "1.0.0"}),
        422,
        "required",
        "/unit",
    ),
    (
        "a unit of 201 characters",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "version": "1.0.0", "unit": "x" * 201}),
        422,
        "invalid_unit",
        "/unit",
    ),
    (
        "an unknown version",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "version": "9.9.9", "unit": "u"}),
        404,
        "not_found",
        "/version",
    ),
    (
        "a version of another prompt",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "version": "$other_version", "unit": "u"}),
        404,
        "not_found",
        "/version",
    ),
    (
        "another prompt than the address",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "prompt_id": "$strangers"}),
        422,
        "prompt_mismatch",
        "/prompt_id",
    ),
    (
        "an unknown field of a report",
        ("POST", P + "performance/", {"engagement_rate": 0.5, "clicks": 1}),
        422,
        "invalid",
        "/clicks",
    ),
    # Labels and versions.
    (
        "a label of another prompt's version",
        ("PUT", P + "labels/staging/", {"version": "$other_version"}),
        404,
        "version_of_another_prompt",
        "/version",
    ),
    (
        "a label of a stranger's version",
        ("PUT", P + "labels/staging/", {"version": "$strangers_version"}),
        404,
        "unknown_version",
        "/version",
    ),
    ("a label of no version", ("PUT", P + "labels/staging/", {}), 422, "invalid", "/version"),
    ("a label of a number", ("PUT", P + "labels/staging/", {"version": 1}), 422, "invalid", "/version"),
    ("a label of NUL", ("PUT", P + "labels/staging/", b'{"version": "\\u0000"}'), 422, "unstorable_value", "/version"),
    ("a label with no name", ("PUT", P + "labels/Sta%20ging/", {"version": "1.0.0"}), 422, "invalid_label", None),
    ("a label of 10 KB", ("PUT", P + f"labels/{'x' * 10_000}/", {"version": "1.0.0"}), 422, "invalid_label", None),
    ("a label with NUL", ("PUT", P + "labels/a%00b/", {"version": "1.0.0"}), 422, "invalid_label", None),
    ("the label latest", ("PUT", P + "labels/latest/", {"version": "1.0.0"}), 422, "label_is_worked_out", None),
    ("what was never moved", ("POST", P + "labels/staging/take-back/", None), 409, "nothing_to_take_back", None),
    ("what has no name", ("POST", P + "labels/a%00b/take-back/", None), 422, "invalid_label", None),
    ("an unknown version", ("GET", P + "versions/7.7.7/", None), 404, "unknown_version", None),
    ("a version with NUL", ("GET", P + "versions/1%00/", None), 404, "unknown_version", None),
    ("a version with a billion digits", ("GET", P + f"versions/{'9' * 5000}/", None), 404, "unknown_version", None),
    ("another prompt's version", ("GET", P + "versions/$other_version/", None), 404, "unknown_version", None),
    (
        "a difference from another prompt",
        ("GET", P + "diff/?from=$other_version&to=1.0.0", None),
        404,
        "version_of_another_prompt",
        "/query/from",
    ),
    ("a stranger's version", ("GET", P + "versions/$strangers_version/", None), 404, "unknown_version", None),
    ("a difference from nothing", ("GET", P + "diff/?to=1.0.0", None), 400, "invalid_parameter", "/query/from"),
    ("a difference from NUL", ("GET", P + "diff/?from=%00&to=1.0.0", None), 404, "unknown_version", "/query/from"),
    # Clients.
    ("a client without a name", ("POST", CLIENTS, {}), 422, "invalid", "/name"),
    ("a client's name taken", ("POST", CLIENTS, {"name": "Casa"}), 409, "name_taken", "/name"),
    (
        "a brand without do",
        ("POST", CLIENTS, {"name": "x", "brand_file": {"dont": ["shout"]}}),
        422,
        "invalid",
        "/brand_file/do",
    ),
    ("a brand that is a list", ("POST", CLIENTS, {"name": "x", "brand_file": []}), 422, "invalid", "/brand_file"),
    ("a voice without dont", ("PATCH", CLIENTS + "$client/brand-voice/", {"do": ["smile"]}), 422, "invalid", "/dont"),
    ("a voice that is a list", ("PATCH", CLIENTS + "$client/brand-voice/", []), 422, "wrong_type", ""),
    (
        "an unknown part of a voice",
        ("PATCH", CLIENTS + "$client/brand-voice/", {"do": ["a"], "dont": ["b"], "voice": {"pitch": 1}}),
        422,
        "invalid",
        "/voice/pitch",
    ),
    # Addresses.
    ("an id that is none", ("GET", VAULT + "123/", None), 404, "not_found", None),
    ("an id with NUL", ("GET", VAULT + "%00/", None), 404, "not_found", None),
    ("an id nobody has", ("GET", VAULT + "00000000-0000-0000-0000-000000000000/", None), 404, "not_found", None),
    (
        "invalid UTF-8 in the address",
        ("GET", VAULT + "top/%ff%fe/?limit=0", None),
        400,
        "invalid_parameter",
        "/query/limit",
    ),
    ("an unknown address", ("GET", "/api/v1/nothing", None), 404, "not_found", None),
    ("a wrong method", ("PUT", VAULT, {}), 405, "method_not_allowed", None),
    ("a wrong method to resolve", ("GET", "/api/v1/resolve", None), 405, "method_not_allowed", None),
    ("OPTIONS", ("OPTIONS", VAULT, None), 405, "method_not_allowed", None),
    ("a method of one's own", ("BREW", VAULT, None), 405, "method_not_allowed", None),
    # Query strings.
    ("an unknown parameter", ("GET", VAULT + "?verticle=food", None), 400, "invalid_parameter", "/query/verticle"),
    ("an unknown parameter with NUL", ("GET", VAULT + "?a%00=1", None), 400, "invalid_parameter", "/query/a\0"),
    ("NUL in a filter", ("GET", VAULT + "?vertical=a%00b", None), 400, "invalid_parameter", "/query/vertical"),
    ("10 KB in a filter", ("GET", VAULT + f"?search={'x' * 10_000}", None), 400, "invalid_parameter", "/query/search"),
    (
        "an ordering that is none",
        ("GET", VAULT + "?ordering=project__keys__digest", None),
        400,
        "invalid_parameter",
        "/query/ordering",
    ),
    (
        "10 KB of ordering",
        ("GET", VAULT + f"?ordering={'name,' * 2000}x", None),
        400,
        "invalid_parameter",
        "/query/ordering",
    ),
    ("a truth that is none", ("GET", VAULT + "?is_active=maybe", None), 400, "invalid_parameter", "/query/is_active"),
    ("page 0", ("GET", VAULT + "?page=0", None), 400, "invalid_parameter", "/query/page"),
    ("page -1", ("GET", VAULT + "?page=-1", None), 400, "invalid_parameter", "/query/page"),
    ("a page beyond the last", ("GET", VAULT + "?page=999999999", None), 404, "not_found", None),
    (
        "a page of a thousand digits",
        ("GET", VAULT + f"?page={'9' * 1000}", None),
        400,
        "invalid_parameter",
        "/query/page",
    ),
    ("a page in Arabic digits", ("GET", VAULT + "?page=%D9%A1", None), 400, "invalid_parameter", "/query/page"),
    ("a page size of words", ("GET", VAULT + "?page_size=all", None), 400, "invalid_parameter", "/query/page_size"),
    ("a limit of words", ("GET", VAULT + "top/food/?limit=x", None), 400, "invalid_parameter", "/query/limit"),
    ("a limit of NaN", ("GET", VAULT + "top/food/?limit=NaN", None), 400, "invalid_parameter", "/query/limit"),
    ("half a limit", ("GET", VAULT + "top/food/?limit=1.5", None), 400, "invalid_parameter", "/query/limit"),
    ("a parameter where none is", ("GET", P + "?x=1", None), 400, "invalid_parameter", "/query/x"),
    ("an unknown part of an empty voice", ("PATCH", CLIENTS + "$client/brand-voice/", {"x": []}), 422, "invalid", "/x"),
    # Resolve.
    ("a resolve of nothing", ("POST", "/api/v1/resolve", {}), 422, "invalid_context", "/category"),
    ("a resolve of a list", ("POST", "/api/v1/resolve", []), 422, "invalid", ""),
    ("a resolve of no JSON", ("POST", "/api/v1/resolve", b"x"), 400, "invalid_json", None),
    (
        "a resolve with an unknown field",
        ("POST", "/api/v1/resolve", {"category": "email", "x": 1}),
        422,
        "invalid",
        "/x",
    ),
    ("a resolve with a surrogate", ("POST", "/api/v1/resolve", b'{"category": "\\udfff"}'), 400, "invalid_json", None),
    (
        "an unknown variable",
        ("POST", "/api/v1/resolve", {"prompt": "greeting", "variables": {"name": "A", "x": 1}}),
        422,
        "unknown_variable",
        "/variables/x",
    ),
    (
        "a missing variable",
        ("POST", "/api/v1/resolve", {"prompt": "greeting"}),
        422,
        "missing_variable",
        "/variables/name",
    ),
    (
        "a variable of a wrong type",
        ("POST", "/api/v1/resolve", {"prompt": "greeting", "variables": {"name": {}}}),
        422,
        "invalid_variable",
        "/variables/name",
    ),
    (
        "an unknown label",
        ("POST", "/api/v1/resolve", {"prompt": "greeting", "label": "nix", "variables": {"name": "A"}}),
        404,
        "unknown_label",
        "/label",
    ),
    (
        "an unknown client",
        ("POST", "/api/v1/resolve", {"prompt": "greeting", "client_id": "$id", "variables": {"name": "A"}}),
        404,
        "unknown_client",
        "/client_id",
    ),
    (
        "a unit of nothing",
        ("POST", "/api/v1/resolve", {"prompt": "greeting", "unit": "", "variables": {"name": "A"}}),
        422,
        "invalid_unit",
        "/unit",
    ),
    # Batches.
    ("a batch that is a list", ("POST", "/api/v1/usage", []), 422, "wrong_type", ""),
    ("a batch of nothing", ("POST", "/api/v1/usage", {}), 422, "required", "/items"),
    ("a batch with more", ("POST", "/api/v1/engagement", {"items": [], "x": 1}), 422, "unknown_field", "/x"),
    ("a batch of 1,001", ("POST", "/api/v1/engagement", {"items": [{}] * 1001}), 413, "too_many", "/items"),
]


@pytest.fixture
def ground(mia: Person, stranger: Person) -> Ground:
    return Ground(mia, stranger)


def test_it_refuses(mia: Person, ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    """All on the same ground, which none of them changes."""
    before = rows()
    wrong: dict[str, Any] = {}
    for name, (method, path, body), status, code, pointer in TABLE:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = call(mia, method, ground.named(path), named(body, ground))
        refused = 400 <= answer.status < 500 and answer.code != ""
        as_expected = (not status or (answer.status, answer.code) == (status, code)) and (
            pointer is None or answer.pointers[:1] == [pointer]
        )
        errors = [it.getMessage() for it in caplog.records if it.exc_info or it.levelno >= logging.ERROR]
        after = rows()
        if not refused or not as_expected or errors or after != before:
            wrong[name] = answer.status, answer.body[:500], errors, after == before
            before = after
    assert wrong == {}


def named(body: Any, ground: Ground) -> Any:
    """The body as it is sent: what it names filled in."""
    return json.loads(ground.named(json.dumps(body))) if isinstance(body, dict) else body


def test_it_refuses_what_is_not_said_to_be_json(mia: Person) -> None:
    for path in (VAULT, "/api/v1/resolve", "/api/v1/usage", "/api/v1/engagement"):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"):
            answer = call(mia, "POST", path, b"{}", Content_Type=content_type)
            assert (answer.status, answer.code) == (415, "unsupported_media_type"), (path, content_type)


def test_it_offers_nothing_but_json_and_a_page(mia: Person) -> None:
    prompt = make_prompt(mia)
    answer = call(mia, "GET", at(prompt), Accept="application/xml")
    assert (answer.status, answer.code) == (406, "not_acceptable")


def test_it_names_the_methods_that_there_are(mia: Person) -> None:
    assert call(mia, "DELETE", VAULT).headers["Allow"] == "GET, HEAD, POST"
    assert call(mia, "GET", "/api/v1/resolve").headers["Allow"] == "POST"


def test_it_asks_for_the_slash_without_losing_the_body(mia: Person) -> None:
    answer = call(mia, "POST", VAULT.rstrip("/"), CAPTION)
    assert (answer.status, answer.headers["Location"]) == (308, VAULT)


def test_it_answers_a_head_like_a_get_without_its_body(mia: Person) -> None:
    make_prompt(mia)
    answer = call(mia, "HEAD", VAULT)
    assert (answer.status, answer.body) == (200, b"")


def test_it_points_at_every_bad_field_at_once(mia: Person) -> None:
    answer = call(mia, "POST", VAULT, caption(name="", category="a b", tags=[1], colour="red"))
    assert answer.pointers == ["/name", "/category", "/tags/0", "/colour"]


def test_it_shows_a_problem_as_json_even_to_a_browser(mia: Person) -> None:
    answer = call(mia, "GET", VAULT + "?is_active=maybe", Accept="text/html")
    assert answer.code == "invalid_parameter"


def test_the_table_names_each_case_once() -> None:
    assert len({(row[0], row[1][1]) for row in TABLE}) == len(TABLE)
    assert sys.getrecursionlimit() <= 1000
