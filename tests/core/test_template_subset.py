"""What a template may say, and what is refused before anything of it runs."""

import warnings
from typing import Any

import pytest
from assay.core.errors import AssayError
from assay.core.render import compile_template

REFUSED = [
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x.__class__.__mro__[1].__subclasses__() }}",
    "{{ x._private }}",
    "{{ __builtins__ }}",
    "{{ x() }}",
    "{{ range(10) }}",
    "{{ x.upper() }}",
    "{{ x|attr('__class__') }}",
    "{{ x|map('upper') }}",
    "{{ x|replace('a', 'bb') }}",
    "{{ x|center(1000000000) }}",
    "{{ x|format(1) }}",
    "{{ x|indent(1000000) }}",
    "{{ x|join(y) }}",
    "{{ x|join('" + "-" * 33 + "') }}",
    "{{ x|round(99) }}",
    "{{ x|truncate(-1) }}",
    "{{ x|truncate(5, end='…') }}",
    "{{ x|lower(*y) }}",
    "{{ x|lower(**y) }}",
    "{{ x is divisibleby 3 }}",
    "{{ x is sameas y }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 'a' + 'b' }}",
    "{{ 2 ** 1000000 }}",
    "{{ 1 - 1 }}",
    "{{ 1 / 0 }}",
    "{{ 1 // 0 }}",
    "{{ 'a' % x }}",
    "{{ -x }}",
    "{{ +1 }}",
    "{{ -'a' }}",
    "{{ [1, 2] }}",
    "{{ (1, 2) }}",
    "{{ {'a': 1} }}",
    "{{ x[1:2] }}",
    "{{ 'abc'[0] }}",
    "{{ (x or y).z }}",
    "{{ x in [y] }}",
    "{{ x in [[1]] }}",
    "{% set a = 1 %}",
    "{% macro m() %}{% endmacro %}",
    "{% import 'a' as b %}",
    "{% from 'a' import b %}",
    "{% include 'a' %}",
    "{% extends 'a' %}",
    "{% block a %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% do x %}",
    "{% break %}",
    "{% trans %}{% endtrans %}",
    "{% print x %}",
    "{% for a in range(9) %}{% endfor %}",
    "{% for a in [1, 2] %}{% endfor %}",
    "{% for a in 'abc' %}{% endfor %}",
    "{% for a in x|sort %}{% endfor %}",
    "{% for a in x if a else b %}{% endfor %}",
    "{% for a, b in x %}{% endfor %}",
    "{% for a in x recursive %}{% endfor %}",
    "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for loop in x %}{% endfor %}",
    "{% for brand in x %}{% endfor %}",
    "{% for _a in x %}{% endfor %}",
    "{% for a in x %}{{ loop }}{% endfor %}",
    "{% for a in x %}{{ loop.cycle }}{% endfor %}",
    "{% for a in x %}{{ loop('x') }}{% endfor %}",
    "{{ loop.index }}",
    "{{ 99999999999999999999999 }}",
    "{{ 1e999 }}",
    "{{ " + "9" * 10_000 + " }}",
    "{{ '\\x00' }}",
    "{{ '\\ud800' }}",
    "{{ x['\\x00'] }}",
    "a\x00b",
    "a\ud800b",
    "{{ brand.typo }}",
    "{{ brand.voice.typo }}",
    "{{ brand }}",
    "{{ brand.do }}",
    "{% for a in brand.tagline %}{% endfor %}",
    "{{ x",
    "{{ }}",
    "{% if x %}",
    "{% endif %}",
    "{% raw %}a",
    "{# never closed",
    "{{ x | }}",
    "{{ 'a }}",
    "{{ x )}}",
    "{{ $x }}",
    "{%",
    "{% %}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses_what_is_not_part_of_the_subset(text: str) -> None:
    with pytest.raises(AssayError) as refused:
        compile_template(text)

    assert refused.value.code == "invalid_template"
    assert [error.pointer for error in refused.value.errors] == ["/content"]


DEEP = {
    "parentheses": "{{ " + "(" * 10_000 + "x" + ")" * 10_000 + " }}",
    "some parentheses": "{{ " + "(" * 110 + "x" + ")" * 110 + " }}",
    "some not": "{{ " + "not " * 240 + "x }}",
    "some inline ifs": "{{ " + "x if x else " * 60 + "x }}",
    "some blocks": "{% if x %}" * 2_000 + "{% endif %}" * 2_000,
    "some loops": "{% for a in x %}" * 2_000 + "{% endfor %}" * 2_000,
    "brackets": "{{ " + "x[" * 10_000 + "0" + "]" * 10_000 + " }}",
    "not": "{{ " + "not " * 10_000 + "x }}",
    "signs": "{{ " + "-" * 10_000 + "1 }}",
    "inline if": "{{ " + "x if x else " * 10_000 + "x }}",
    "dots": "{{ x" + ".a" * 10_000 + " }}",
    "filters": "{{ x" + "|lower" * 10_000 + " }}",
    "and": "{{ " + "x and " * 10_000 + "x }}",
    "comparison": "{{ " + "x < " * 10_000 + "x }}",
    "strings": "{{ " + "'a' " * 10_000 + " }}",
    "blocks": "{% if x %}" * 10_000 + "{% endif %}" * 10_000,
    "elif": "{% if x %}" + "{% elif x %}" * 10_000 + "{% endif %}",
    "tags": "{{ x }}" * 5_001,
    "list": "{{ x in [" + "1," * 10_000 + "] }}",
}


@pytest.mark.parametrize("shape", DEEP)
def test_it_refuses_depth_without_exhausting_the_stack(shape: str) -> None:
    with pytest.raises(AssayError) as refused:
        compile_template(DEEP[shape])

    assert refused.value.code == "invalid_template"


def test_it_names_the_line() -> None:
    with pytest.raises(AssayError) as refused:
        compile_template("one\ntwo\n{{ x | nonsense }}\n", "/content/3/content")

    assert refused.value.extra["line"] == 3
    assert refused.value.detail.startswith("Line 3: There is no filter 'nonsense'")
    assert refused.value.errors[0].pointer == "/content/3/content"


def test_it_measures_a_template_in_bytes() -> None:
    assert compile_template("é" * 131_072).render({}) == "é" * 131_072
    for text in ("é" * 131_073, "x" * 262_145, "x" * 10_000_000):
        with pytest.raises(AssayError) as refused:
            compile_template(text)
        assert refused.value.code == "template_too_large"


@pytest.mark.parametrize("text", [5, None, b"x", ["x"]])
def test_it_refuses_what_is_not_a_text(text: Any) -> None:
    with pytest.raises(AssayError):
        compile_template(text)


def test_it_is_quiet_where_warnings_are_errors() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("{{ '\\d' }}", "{{ '\\N{nothing}' }}"):
            with pytest.raises(AssayError):
                compile_template(text)


def test_it_knows_which_variables_a_template_reads() -> None:
    template = compile_template(
        "{{ a }}{% if b.c is defined %}{% for d in e.f %}{{ d.g }}{{ h[i] }}{{ loop.index }}{% endfor %}{% endif %}"
        "{{ brand.tagline }}{% raw %}{{ j }}{% endraw %}{# {{ k }} #}"
    )

    assert template.names == {"a", "b", "e", "h", "i", "brand"}
