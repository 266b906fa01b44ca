"""Whatever a template says and is given, rendering ends soon and small, and with an AssayError at worst."""

from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.render import compile_template
from assay.core.template.filters import FILTERS
from assay.core.template.run import OUTPUT_LIMIT
from hypothesis import given, settings
from hypothesis import strategies as st

THOUSAND = ["x"] * 1000


def code_of(text: str, **values: Any) -> str:
    try:
        rendered = compile_template(text).render(values)
    except AssayError as error:
        return error.code
    assert len(rendered.encode()) <= OUTPUT_LIMIT
    return "rendered"


def test_it_takes_two_loops_of_a_thousand_and_stops_at_a_mebibyte() -> None:
    nested = "{%% for a in i %%}{%% for b in i %%}%s{%% endfor %%}{%% endfor %%}"

    assert code_of(nested % "x", i=THOUSAND) == "rendered"
    assert code_of(nested % "", i=THOUSAND) == "rendered"
    assert code_of(nested % "xx", i=THOUSAND) == "output_too_large"
    assert code_of(nested % ("x" * 200_000), i=THOUSAND) == "output_too_large"
    assert code_of("{% for a in i %}{{ s }}{% endfor %}", i=THOUSAND, s="x" * 2**20) == "output_too_large"


def test_it_measures_output_in_bytes() -> None:
    assert code_of("{{ s }}", s="é" * 2**19) == "rendered"
    assert code_of("{{ s }}", s="é" * 2**19 + "x") == "output_too_large"
    assert code_of("{{ s }}", s="🌞" * 2**18) == "rendered"
    assert code_of("{{ s }}x", s="🌞" * 2**18) == "output_too_large"


@pytest.mark.parametrize(
    "body",
    [
        "{% if a|upper == 'Y' %}{% endif %}",
        "{% if a|title|title|title == 'Y' %}{% endif %}",
        "{% if s in t %}{% endif %}",
        "{% if s == t %}{% endif %}",
        "{% if a in i %}{% endif %}",
        "{% if i|tojson %}{% endif %}",
        "{% if i|join('-') %}{% endif %}",
        "{% if s|wordcount %}{% endif %}",
        "{% if a %}{% if a %}{% if a %}{% endif %}{% endif %}{% endif %}" * 5,
    ],
)
def test_it_bounds_work_that_writes_nothing(body: str) -> None:
    text = "{% for a in i %}{% for b in i %}" + body + "{% endfor %}{% endfor %}"

    assert code_of(text, i=["ab cd"] * 1000, s="ab " * 1000, t="ab " * 1000) == "template_too_slow"


def test_it_bounds_many_loops_after_one_another() -> None:
    loop = "{% for a in i %}{% for b in i %}{% endfor %}{% endfor %}"

    assert code_of(loop * 100, i=THOUSAND) == "template_too_slow"


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("held", ["ß", "ΐ", '"', "\\", "a ", "\x01", "\n", "ŉ"])
def test_no_filter_makes_more_than_a_few_times_its_input(name: str, held: str) -> None:
    taken = [held * 100] * 10 if FILTERS[name].kind == "list" else 2.5 if name == "round" else held * 1000

    assert len(compile_template("{{ x|" + name + " }}").render({"x": taken})) <= 6 * 1000 + 10


def test_no_chain_of_filters_grows_past_the_limit() -> None:
    assert code_of("{{ x" + "|tojson" * 60 + " }}", x='"') == "output_too_large"
    assert code_of("{{ x|join }}", x=["y" * 2**20] * 1000) == "output_too_large"
    assert code_of("{{ x|join('" + "-" * 32 + "') }}", x=["y" * 1020] * 1000) == "output_too_large"
    assert code_of("{{ x|upper|length }}", x="ß" * 2**20) == "output_too_large"


pieces = st.sampled_from(
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "if", "for", "in", "else", "elif", "endif", "endfor",
        "raw", "endraw", "x", "y", "loop", "brand", "is", "not", "defined", "and", "or", ".", "[", "]", "(", ")", "|",
        ",", "'", '"', "\\", "0", "1.5", "9" * 30, "==", "<", "*", "~", "join", "default", "upper", "tojson",
        "truncate", "__class__", "set", "true", "none", "é", "{", "}", "%", "$", "@", "=", ":", "\x00",
    ]
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y", "é"]), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400)
@given(st.lists(pieces, max_size=25), st.sampled_from([" ", ""]), json_values, json_values)
def test_it_raises_nothing_but_an_assay_error(words: list[str], between: str, x: object, y: object) -> None:
    assert code_of(between.join(words), x=x, y=y, brand=None)


tags = st.sampled_from(
    [
        "{{ x }}", "{{ y.x }}", "{{ x[0] }}", "{{ x|upper }}", "{{ x|join(y) }}", "{{ x|join }}", "{{ x|first|last }}",
        "{{ x|tojson }}", "{{ x < y }}", "{{ x == y }}", "{{ x in y }}", "{{ x[y] }}", "{{ x|round(2) }}",
        "{{ x|length }}",
        "{% if x and y %}a{% endif %}", "{% for a in x %}{{ a }}{{ loop.index }}{% endfor %}", "{{ x is defined }}",
        "{% for a in x if a == y %}{% for b in a %}{{ b }}{% endfor %}{% else %}-{% endfor %}", "{{ y|default(x) }}",
        "{{ x|title|truncate(3) }}", "{{ x.y.x }}", "{{ x|wordcount }}", "{{ x if y }}", "{{ brand.tagline }}",
        "{% for a in brand.do %}{{ a }}{% endfor %}",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(tags, max_size=6).map("".join), json_values, json_values)
def test_it_raises_nothing_else_while_rendering_either(text: str, x: object, y: object) -> None:
    assert code_of(text, x=x, y=y, brand=None)
