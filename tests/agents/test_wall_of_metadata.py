"""The database judges metadata as the core does, whoever writes it."""

import json
import random
from itertools import product

import pytest
from assay.core.privacy import BLOCKED, check_metadata
from django.db import connection

pytestmark = pytest.mark.django_db

SIZES = [
    10**15,
    10**15 + 1,
    -(10**15),
    -(10**15) - 1,
    1e15,
    1.0000000000000002e15,
    -1e300,
    10**15 - 0.5,
    999999999999999,
]
VALUES = ["a-code", "eu-1", 1, -2.5, 1e14, True, None, "", "two words", 'quo"te', "back\\slash", "é", "x" * 101, [], {}]
FORMS = ["{}", "{}s", "user_{}", "user{}", "{}_count", "{}Count", "{}2", "2{}", "my.{}", "_{}_", "in{}", "{}ual", "X{}"]
KEYS = ["region", "queue_ms", "a b", "", "x" * 101, "é", "a{b", "a,b", "gpt4"]


def judged(metadata: list[dict[str, object]]) -> list[bool]:
    """What the database says of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT agents_is_metadata(value::jsonb)"
            " FROM json_array_elements(%s::json) WITH ORDINALITY AS sent (value, place) ORDER BY place",
            [json.dumps(metadata)],
        )
        return [bool(told) for (told,) in cursor.fetchall()]


def forms_of(term: str) -> list[str]:
    """The term among other words, in each way to write words."""
    words = [term, term.upper(), term.title().replace("_", ""), term.replace("_", "-")]
    return [form.format(word) for form, word in product(FORMS, words)]


def test_it_judges_as_the_core_does() -> None:
    keys = KEYS + [form for term in BLOCKED for form in forms_of(term)]
    alone = [{key: value} for key, value in product(keys, VALUES)]
    source = random.Random(1)
    mixed = [
        {source.choice(keys): source.choice(VALUES) for _ in range(source.randrange(5))} | {"region": "eu-1"}
        for _ in range(2000)
    ]
    metadata: list[dict[str, object]] = [*alone, *mixed, {}]

    told = judged(metadata)

    assert told == [not check_metadata(each) for each in metadata]
    assert 0.1 < sum(told) / len(told) < 0.9


@pytest.mark.parametrize("value", SIZES)
@pytest.mark.parametrize("beside", [{}, {"input_tokens": 3}])
def test_it_takes_numbers_of_the_size_that_the_core_takes(value: float, beside: dict[str, object]) -> None:
    metadata = {"queue_ms": value, **beside}
    told = check_metadata(metadata)
    assert judged([metadata]) == [not told] == [abs(value) <= 10**15]
    assert [error.detail for error in told] == ["A number is finite, and its size 10^15 at most."] * len(told)


@pytest.mark.parametrize("value", ['"region"', "[]", "1", "null", "true"])
def test_it_takes_nothing_but_an_object(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT agents_is_metadata(%s::jsonb)", [value])
        assert cursor.fetchone() == (False,)
