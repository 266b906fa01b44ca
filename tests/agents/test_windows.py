"""A window is made of days and hours that rollups count, and of edges that they do not."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.questions.window import DAY, HOUR, Window, lowest_id, usual_window
from agents.telemetry.ids import prefix_of, row_id

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
# Boundaries, and what lies a hair beside them.
NEAR = st.builds(
    lambda hours, off: datetime(2026, 10, 1, tzinfo=UTC) + hours * HOUR + off * timedelta(microseconds=1),
    st.integers(0, 24 * 70),
    st.sampled_from([-1000, -1, 0, 1, 500, 1000]),
)
BOTH = st.tuples(TIMES | NEAR, TIMES | NEAR).map(sorted)


@given(BOTH)
def test_it_covers_a_window_once(ends: tuple[datetime, datetime]) -> None:
    window = Window(*ends)
    parts = window.parts
    covered: Counter[datetime] = Counter()
    for start, end in (*parts.days, *parts.hours, *parts.edges):
        assert start < end
        covered[start] += 1
        covered[end] -= 1
    for start, end in parts.less:
        assert start < end
        covered[start] -= 1
        covered[end] += 1
    # What begins and ends at the same instant, or is added and taken away, leaves the window's ends.
    left = {instant: change for instant, change in covered.items() if change}
    assert left == ({} if window.start == window.end else {window.start: 1, window.end: -1})


@given(BOTH)
def test_it_reads_as_little_of_the_fine_as_it_can(ends: tuple[datetime, datetime]) -> None:
    parts = Window(*ends).parts
    for start, end in parts.edges:
        assert end - start < (HOUR if parts.hours or parts.days else 2 * HOUR)
        assert start.minute or start.second or start.microsecond or end - start < HOUR
    hours = [*parts.hours, *parts.less]
    for start, end in hours:
        assert start == start.replace(minute=0, second=0, microsecond=0)
        assert (end - start) % HOUR == timedelta(0)
    assert sum(((end - start) for start, end in hours), timedelta(0)) <= DAY
    for start, end in parts.days:
        assert start == start.replace(hour=0, minute=0, second=0, microsecond=0)
        assert (end - start) % DAY == timedelta(0)
    assert all(any(start <= less[0] and less[1] <= end for start, end in parts.days) for less in parts.less)


def test_it_touches_no_row_on_hour_boundaries() -> None:
    parts = Window(datetime(2026, 10, 3, 7, tzinfo=UTC), datetime(2026, 10, 9, 2, tzinfo=UTC)).parts
    assert parts.edges == ()
    # Seven hours less than the first day has, and two of the last.
    assert parts.days == ((datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC)),)
    assert parts.less == ((datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 3, 7, tzinfo=UTC)),)
    assert parts.hours == ((datetime(2026, 10, 9, tzinfo=UTC), datetime(2026, 10, 9, 2, tzinfo=UTC)),)


@given(BOTH, TIMES | NEAR)
def test_it_holds_exactly_the_ids_of_its_time(ends: tuple[datetime, datetime], began: datetime) -> None:
    window = Window(*ends)
    id_ = row_id(prefix_of("key", began), "key", "run", "key")
    known = began.replace(microsecond=began.microsecond // 1000 * 1000)
    held = lowest_id(window.start).hex <= id_ < lowest_id(window.end).hex
    assert held == (ends[0] <= known < ends[1])


def test_it_speaks_of_utc_wherever_it_was_asked() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    window = Window(datetime(2026, 10, 3, 5, 30, tzinfo=there), datetime(2026, 10, 4, 5, 30, tzinfo=there))
    assert window == Window(datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC))
    assert window.parts.hours == window.parts.edges == ()


@pytest.mark.parametrize("minute", [0, 1, 59])
def test_it_usually_goes_back_thirty_days_from_the_end_of_this_hour(minute: int) -> None:
    window = usual_window(datetime(2026, 11, 20, 9, minute, 30, tzinfo=UTC))
    assert window == Window(datetime(2026, 10, 21, 10, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert window.parts.edges == ()
