"""Lists are narrowed, searched, ordered and cut into pages, with as many queries for a thousand rows as for one."""

from typing import Any
from urllib.parse import quote

import pytest

from sentinel import access
from tests.api.calls import CLIENTS, VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.api.filters import ClientFilters, PromptFilters
from vault.models import Client, Prompt

SHELF: list[dict[str, Any]] = [
    {"name": "Bread post", "category": "post", "vertical": "food", "platform": "instagram", "technique": "AIDA"},
    {"name": "Brot-Beitrag", "category": "post", "vertical": "food", "language": "de", "tags": ["bread", "Über"]},
    {
        "name": "House email",
        "category": "email",
        "vertical": "real_estate",
        "agent_code": "REX",
        "source": "Ann O'Hara",
    },
    {"name": "Old ad", "category": "ad", "vertical": "generic", "is_active": False},
    {"name": "100% ad_copy", "category": "ad", "vertical": "generic", "content": 'Say "now"\nor naïve {{ x }}'},
]


@pytest.fixture
def shelf(mia: Person, stranger: Person) -> None:
    for book in SHELF:
        make_prompt(mia, **book)
    make_prompt(stranger, name="Bread of another")


def names(mia: Person, query: str) -> list[str]:
    answer = call(mia, "GET", VAULT + query)
    assert answer.status == 200, answer.body
    return [row["name"] for row in answer.json["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Bread post", "Brot-Beitrag", "House email", "100% ad_copy"}),
        ("?is_active=true", {"Bread post", "Brot-Beitrag", "House email", "100% ad_copy"}),
        ("?is_active=false", {"Old ad"}),
        ("?is_active=all", {book["name"] for book in SHELF}),
        ("?vertical=food", {"Bread post", "Brot-Beitrag"}),
        ("?category=post&language=de", {"Brot-Beitrag"}),
        ("?platform=instagram", {"Bread post"}),
        ("?agent_code=REX", {"House email"}),
        ("?technique=AIDA", {"Bread post"}),
        ("?tag=bread", {"Brot-Beitrag"}),
        ("?tag=%C3%9Cber", {"Brot-Beitrag"}),
        ("?tag=brea", set()),
        ("?vertical=", {"Bread post", "Brot-Beitrag", "House email", "100% ad_copy"}),
        ("?search=bread", {"Bread post", "Brot-Beitrag"}),
        ("?search=POST+aida", {"Bread post"}),
        ("?search=BREA+beitrag", {"Brot-Beitrag"}),
        ("?search=post+nothing", set()),
        ("?search=O%27Hara", {"House email"}),
        ("?search=100%25", {"100% ad_copy"}),
        ("?search=d_c", {"100% ad_copy"}),
        ("?search=" + quote("naïve"), {"100% ad_copy"}),
        ("?search=hello", {"Bread post", "Brot-Beitrag", "House email"}),
    ],
)
def test_it_finds(query: str, found: set[str], mia: Person, shelf: None) -> None:
    assert set(names(mia, query)) == found


def test_it_orders(mia: Person, shelf: None) -> None:
    Prompt.objects.filter(name="House email").update(performance_score=9, times_used=3)
    assert names(mia, "")[0] == "House email"
    assert names(mia, "?ordering=performance_score")[-1] == "House email"
    assert names(mia, "?ordering=,")[0] == "House email"
    assert names(mia, "?ordering=-times_used,name") == ["House email", "100% ad_copy", "Bread post", "Brot-Beitrag"]


def test_it_leaves_no_order_to_chance() -> None:
    """Where the order is a tie, the database may answer each page in another."""
    for filters, model in ((PromptFilters, Prompt), (ClientFilters, Client)):
        ordered = filters({"ordering": "-created_at"}, queryset=model.objects.all()).qs
        assert ordered.query.order_by == ("-created_at", "id")


def test_it_cuts_into_pages_that_hold_each_row_once(mia: Person) -> None:
    for number in range(7):
        make_prompt(mia, name=f"same score {number}")
    for ordering in ("", "&ordering=performance_score", "&ordering=-times_used"):
        seen: list[str] = []
        path = f"?page_size=3{ordering}"
        while path:
            answer = call(mia, "GET", VAULT + path).json
            assert answer["count"] == 7
            seen += [row["id"] for row in answer["results"]]
            # A row that is written anew lies elsewhere on the disk: it must not come up again for that.
            Prompt.objects.filter(pk=seen[0]).update(source="touched")
            path = "?" + answer["next"].partition("?")[2] if answer["next"] else ""
        assert len(seen) == len(set(seen)) == 7
    assert len(call(mia, "GET", VAULT + "?page_size=9999").json["results"]) == 7


@pytest.mark.parametrize("rows", [1, 12])
def test_it_asks_as_few_queries_for_many_rows_as_for_one(
    rows: int, mia: Person, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        prompt = make_prompt(mia, name=f"number {number}")
        call(mia, "PATCH", at(prompt), {"content": f"Dear {{{{ name }}}}, {number}"})
        Client.objects.create(project=mia.project, name=f"client {number}")
        call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.1})
    prompt = Prompt.objects.order_by("id")[0]
    for number in range(rows):
        call(mia, "PUT", at(prompt, "labels/staging/"), {"version": "1.0.0" if number % 2 else "1.1.0"})
        call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.1})
        call(mia, "POST", at(prompt, "versions/"), {"content": f"Take {number} {{{{ name }}}}"})
    # The look at the revision is one of them each time.
    expected = {
        VAULT: 4,
        VAULT + "?search=number&ordering=name": 4,
        VAULT + "top/food/": 3,
        VAULT + "stats/summary/": 5,
        at(prompt): 5,
        at(prompt, "versions/"): 5,
        at(prompt, "labels/"): 5,
        at(prompt, "history/"): 4,
        at(prompt, "diff/?from=1.0.0&to=1.1.0"): 4,
        CLIENTS: 3,
    }
    access.access_of_key(mia.key)
    for path, queries in expected.items():
        with django_assert_num_queries(queries):
            assert call(mia, "GET", path).status == 200, path


def test_it_ranks_the_best_of_a_vertical(mia: Person, shelf: None) -> None:
    Prompt.objects.filter(name="Brot-Beitrag").update(performance_score=8)
    answer = call(mia, "GET", VAULT + "top/food/").json
    assert answer["vertical"] == "food"
    assert [row["name"] for row in answer["results"]] == ["Brot-Beitrag", "Bread post"]
    answer = call(mia, "GET", VAULT + "top/food/?limit=1&language=en&category=post").json
    assert [row["name"] for row in answer["results"]] == ["Bread post"]
    assert call(mia, "GET", VAULT + "top/food/?platform=instagram").json["results"][0]["name"] == "Bread post"
    assert call(mia, "GET", VAULT + "top/nothing/").json["results"] == []
    for number in range(12):
        make_prompt(mia, name=f"more {number}")
    assert len(call(mia, "GET", VAULT + "top/food/").json["results"]) == 10


def test_it_sums_the_vault_up(mia: Person, shelf: None) -> None:
    prompt = Prompt.objects.get(name="Bread post")
    call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 1})
    summary = call(mia, "GET", VAULT + "stats/summary/").json
    assert (summary["prompts"], summary["active"], summary["times_used"], summary["reports"]) == (5, 4, 1, 1)
    assert summary["engagement_avg"] == 1
    assert summary["performance_score_avg"] == pytest.approx((5 * 3 + 6.5) / 4)
    assert summary["verticals"][0] == {
        "value": "food",
        "prompts": 2,
        "performance_score_avg": 5.75,
        "times_used": 1,
    }
    assert {row["value"]: row["prompts"] for row in summary["categories"]} == {"post": 2, "email": 1, "ad": 1}


def test_it_sums_nothing_up(mia: Person) -> None:
    summary = call(mia, "GET", VAULT + "stats/summary/").json
    assert (summary["prompts"], summary["performance_score_avg"], summary["verticals"]) == (0, None, [])
