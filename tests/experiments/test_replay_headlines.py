"""Reading headline tests: what is taken, and what is refused with its line."""

import pytest
from assay.core.errors import AssayError

from experiments.management.commands.demo import FILE
from experiments.replay.headlines import read_tests

HEAD = "test_id,arm,impressions,clicks\n"


def read(text: str, seed: int = 1) -> dict[str, tuple[float, ...]]:
    return {test.id: test.rates for test in read_tests(text.splitlines(keepends=True), seed)}


def test_it_reads_the_rate_of_each_arm() -> None:
    tests = read(HEAD + "a,0,1000,20\na,1,500,5\nb,x,10,10\nb,y,10,0\n")
    assert {test_id: sorted(rates) for test_id, rates in tests.items()} == {"a": [0.01, 0.02], "b": [0.0, 1.0]}


def test_it_passes_over_remarks_and_empty_lines() -> None:
    assert read("# where it is from\n\n" + HEAD + "a,0,10,1\n# a remark\na,1,10,2\n").keys() == {"a"}


def test_it_shuffles_the_arms_by_the_seed_alone() -> None:
    text = HEAD + "".join(f"a,{arm},1000,{arm}\n" for arm in range(20))
    assert read(text, seed=1) == read(text, seed=1)
    assert read(text, seed=1) != read(text, seed=2)
    assert list(read(text, seed=1)["a"]) != sorted(read(text, seed=1)["a"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Line 1"),
        ("test_id,arm,clicks\na,0,1\n", "impressions is missing"),
        (HEAD, "holds no test"),
        (HEAD + "a,0,10,1\n", "Test a has 1 arms"),
        (HEAD + "a,0,10,1\na,0,10,1\n", "Line 3: arm 0 of test a is there twice"),
        (HEAD + "a,0,0,0\na,1,10,1\n", "Line 2: there is at least one impression"),
        (HEAD + "a,0,10,11\n", "Line 2: there is at least one impression"),
        (HEAD + "a,0,ten,1\n", "Line 2: impressions and clicks are whole numbers"),
        (HEAD + "a,0,10,-1\n", "whole numbers"),
        (HEAD + "a,0,10\n", "whole numbers"),
        (HEAD + "# remark\na b,0,10,1\n", "Line 3: test_id is made of"),
        (HEAD + "a,0,10,1" + "0" * 5000 + "\n", "whole numbers"),
    ],
)
def test_it_refuses_what_is_no_test_and_names_the_line(text: str, told: str) -> None:
    with pytest.raises(AssayError, match=told) as caught:
        read(text)
    assert caught.value.code == "invalid_file"


def test_it_holds_twelve_tests_and_their_source_in_the_project() -> None:
    text = FILE.read_text()
    assert len(read(text)) == 12
    assert "Scientific Data 8:195" in text
