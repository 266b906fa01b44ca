"""The pure parts of the pages: templates made readable, differences word by word, scores drawn."""

from datetime import datetime

from assay.core.shapes import Message
from django.utils import formats

from config.templatetags.assay import percent
from vault.admin.chart import MOST_POINTS, draw, sequences_to_draw
from vault.admin.readable import Piece, parts_of, pieces_of
from vault.admin.word_diff import rows_of
from vault.compare_versions import Line


def test_it_tells_variables_and_control_from_text() -> None:
    assert pieces_of("Hi {{ name|upper }}!{%- if x %} y{% endif %}{# aside #}.") == [
        Piece("text", "Hi "),
        Piece("variable", "name|upper"),
        Piece("text", "!"),
        Piece("tag", "if x"),
        Piece("text", " y"),
        Piece("tag", "endif"),
        Piece("text", "."),
    ]


def test_it_leaves_raw_text_as_it_is() -> None:
    assert pieces_of("{% raw %}{{ not me }}{% endraw %}") == [Piece("text", "{{ not me }}")]
    assert pieces_of("one { brace }") == [Piece("text", "one { brace }")]


def test_it_keeps_the_messages_of_a_chat_apart() -> None:
    content = [{"role": it.role, "content": it.content} for it in (Message("system", "a"), Message("user", "{{ b }}"))]
    assert [(part.role, part.pieces) for part in parts_of("chat", content)] == [
        ("system", [Piece("text", "a")]),
        ("user", [Piece("variable", "b")]),
    ]


def lines(old: list[str], new: list[str]) -> list[Line]:
    removed = [Line("removed", place, None, text) for place, text in enumerate(old, 1)]
    return removed + [Line("added", None, place, text) for place, text in enumerate(new, 1)]


def test_it_marks_the_words_that_changed() -> None:
    removed, added = rows_of(lines(["In ninety words."], ["In sixty words."]))
    assert removed.words == [(False, "In "), (True, "ninety"), (False, " words.")]
    assert added.words == [(False, "In "), (True, "sixty"), (False, " words.")]


def test_it_marks_no_words_where_a_line_was_replaced_whole() -> None:
    removed, added = rows_of(lines(["Something else."], ["12345"]))
    assert (removed.words, added.words) == ([(False, "Something else.")], [(False, "12345")])


def test_it_shows_lines_without_a_counterpart() -> None:
    rows = rows_of(lines(["a b c"], ["a b d", "new"]))
    assert [row.change for row in rows] == ["removed", "added", "added"]


def test_it_folds_long_stretches_that_are_alike() -> None:
    equal = [Line("equal", place, place, str(place)) for place in range(1, 21)]
    rows = rows_of([*equal, Line("added", None, 21, "x"), *equal])
    assert [row.change for row in rows] == ["skipped", *["equal"] * 3, "added", *["equal"] * 3, "skipped"]
    assert rows[0].count == 17


def test_it_draws_nothing_from_a_single_score() -> None:
    assert draw([]) is None
    assert draw([5.0]) is None


def test_it_draws_a_better_score_higher_and_stays_inside() -> None:
    chart = draw([0.0, 5.0, 10.0, 12.0, -3.0])
    assert chart is not None
    heights = [float(point.split(",")[1]) for point in chart.line.split()]
    assert heights[0] > heights[1] > heights[2] == heights[3]
    assert heights[4] == heights[0] <= chart.height


def test_it_picks_points_evenly_with_first_and_last() -> None:
    assert sequences_to_draw(0) == []
    assert sequences_to_draw(3) == [1, 2, 3]
    many = sequences_to_draw(1_000_000)
    assert (many[0], many[-1]) == (1, 1_000_000)
    assert len(many) == MOST_POINTS


def test_it_says_rates_as_people_do() -> None:
    assert [percent(rate) for rate in (None, 0, 0.034, 0.5, 1)] == ["–", "0 %", "3.4 %", "50 %", "100 %"]


def test_it_tells_headings_from_text() -> None:
    assert pieces_of("## The job\n- {{ a }}\n#tag # no") == [
        Piece("heading", "## The job"),
        Piece("text", "\n- "),
        Piece("variable", "a"),
        Piece("text", "\n#tag # no"),
    ]


def test_it_writes_dates_the_same_everywhere() -> None:
    assert formats.date_format(datetime(2026, 3, 7, 15, 4), "DATETIME_FORMAT") == "7 Mar 2026, 15:04"
