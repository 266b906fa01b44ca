"""Read the figures of headline tests. Pure."""

import csv
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from assay.core.errors import AssayError

COLUMNS = ("test_id", "arm", "impressions", "clicks")
MOST_TESTS, MOST_ARMS = 10_000, 100
TEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
COUNT = re.compile(r"[0-9]{1,12}\Z")


@dataclass(frozen=True, slots=True)
class HeadlineTest:
    """One test: the real click rate of each of its arms, in [0, 1]."""

    id: str
    rates: tuple[float, ...]


def read_tests(lines: Iterable[str], seed: int) -> list[HeadlineTest]:
    """The tests of a CSV with the columns test_id, arm, impressions, clicks, in the file's order; `#` begins a remark.

    The arms of a test are shuffled by the seed: a file may sort them by what they earned, and where one stands must not
    tell. Raises AssayError `invalid_file`, naming the line.
    """
    counted = ((number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#"))
    numbers: list[int] = []
    reader = csv.DictReader(_remembered(counted, numbers))
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise _invalid(1, f"the columns {', '.join(COLUMNS)} are needed; {', '.join(missing)} is missing")
    arms: dict[str, dict[str, float]] = {}
    for row in reader:
        test_id, arm, rate = _row(numbers[-1], row)
        if arm in arms.setdefault(test_id, {}):
            raise _invalid(numbers[-1], f"arm {arm} of test {test_id} is there twice")
        arms[test_id][arm] = rate
    return _checked([HeadlineTest(test_id, _shuffled(test_id, rates, seed)) for test_id, rates in arms.items()])


def _remembered(counted: Iterable[tuple[int, str]], numbers: list[int]) -> Iterable[str]:
    for number, line in counted:
        numbers.append(number)
        yield line


def _row(number: int, row: dict[str, str | None]) -> tuple[str, str, float]:
    test_id, arm, impressions, clicks = (row[column] or "" for column in COLUMNS)
    if not TEST_ID.match(test_id):
        raise _invalid(number, "test_id is made of up to 100 ASCII letters, digits and _ . -")
    if not COUNT.match(impressions) or not COUNT.match(clicks):
        raise _invalid(number, "impressions and clicks are whole numbers")
    if not 0 < int(impressions) >= int(clicks):
        raise _invalid(number, "there is at least one impression, and no more clicks than impressions")
    return test_id, arm, int(clicks) / int(impressions)


def _shuffled(test_id: str, rates: dict[str, float], seed: int) -> tuple[float, ...]:
    shuffled = list(rates.values())
    random.Random(f"arms of {test_id}, {seed}").shuffle(shuffled)  # noqa: S311 - repeatable on purpose
    return tuple(shuffled)


def _checked(tests: list[HeadlineTest]) -> list[HeadlineTest]:
    if not tests:
        raise AssayError("invalid_file", "The file holds no test.")
    if len(tests) > MOST_TESTS:
        raise AssayError("invalid_file", f"A replay takes {MOST_TESTS:,} tests at most.")
    for test in tests:
        if not 2 <= len(test.rates) <= MOST_ARMS:
            raise AssayError("invalid_file", f"Test {test.id} has {len(test.rates)} arms; 2 to {MOST_ARMS} are needed.")
    return tests


def _invalid(number: int, detail: str) -> AssayError:
    return AssayError("invalid_file", f"Line {number}: {detail}.")
