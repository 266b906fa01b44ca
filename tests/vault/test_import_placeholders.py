"""What people write between braces, and what becomes of it. Pure: no database."""

import pytest
from assay.core.render import compile_template
from assay.core.variables import compile_variables
from hypothesis import given
from hypothesis import strategies as st

from vault.prompt_files.placeholders import to_template


def render(text: str, **values: str) -> str:
    """The text as it is served: converted, its defaults applied, rendered by the core."""
    converted = to_template(text)
    checked = compile_variables(converted.variables).check(values)
    return compile_template(converted.template).render({**checked, "brand": {}})


def defaults(text: str) -> dict[str, str | None]:
    return {name: rule.get("default") for name, rule in to_template(text).variables["properties"].items()}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi ${name}", {"name": None}),
        ("Hi ${name:Bob}", {"name": "Bob"}),
        ("Hi ${ name : Bob }", {"name": "Bob"}),
        ("Hi ${name:}", {"name": ""}),
        ("in ${HOME:-/root}", {"HOME": "/root"}),
        ("at ${temperature:-5} degrees", {"temperature": "-5"}),
        ("at ${when:10:30}", {"when": "10:30"}),
        ("Hi {{name}}", {"name": None}),
        ("Hi {{ name }}", {"name": None}),
        ("Hi {{name:Bob}}", {"name": "Bob"}),
        ("Hi {{ name | default('Bob') }}", {"name": "Bob"}),
        ('Hi {{name|default("Bob")}}', {"name": "Bob"}),
        ("at ${Company Type: Big Company}", {"Company_Type": "Big Company"}),
        ("like ${e.g. FinesseOS}", {"e_g_FinesseOS": None}),
        ("${名称}", {"名称": None}),
        ("of the ${brand}", {"brand_value": None}),
        ("${if} ${loop}", {"if_value": None, "loop_value": None}),
        ("${${inner}}", {"inner": None}),
    ],
)
def test_it_finds_the_variable_and_its_default(text: str, found: dict[str, str | None]) -> None:
    assert defaults(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "{ }",
        "a { b",
        "{name}",
        "{{",
        "}} {% if %} {# no comment #}",
        "{{{triple}}}",
        "{{#each items}} {{/each}}",
        "{% raw %}x{% endraw %}",
        "style={{ width: '100vw', height: '100vh' }}",
        "style={{width:100}}",
        "{{ $json['name'] }}",
        "${total + 1} ${fn(x)} ${} ${",
        '{"a": {"b": [{"c": 1}]}}',
        "  \n leading and trailing \n\n",
    ],
)
def test_it_keeps_other_braces_to_the_letter(text: str) -> None:
    assert defaults(text) == {}
    assert render(text) == text


def test_it_gives_the_authors_text_back_with_the_defaults_filled_in() -> None:
    text = "A ${size:large} {json: {}} for ${who:you}, ${{${size:large}}} times.\n"

    assert render(text) == "A large {json: {}} for you, ${{large}} times.\n"


def test_it_gives_each_default_of_one_name_a_variable_of_its_own() -> None:
    text = "${pay:monthly} or ${pay:once}; ${pay:once}, ${pay}"

    assert defaults(text) == {"pay": "monthly", "pay_2": "once"}
    assert render(text) == "monthly or once; once, monthly"


def test_it_does_not_take_the_name_of_another_variable_for_a_second_default() -> None:
    text = "${pay_2:x} ${pay:a} ${pay:b}"

    assert render(text) == "x a b"
    assert len(defaults(text)) == 3


def test_it_requires_what_has_no_default() -> None:
    assert to_template("${a} ${b:1} ${a}").variables["required"] == ["a"]
    assert render("${a} ${b:1} ${a}", a="x") == "x 1 x"


def test_it_describes_a_name_that_had_to_change() -> None:
    properties = to_template("${Company Type:x}").variables["properties"]

    assert properties["Company_Type"]["description"] == "Written 'Company Type'."


PIECES = [
    "{",
    "}",
    "$",
    "%",
    "#",
    "{{",
    "${",
    "name",
    " ",
    ":",
    "raw",
    "endraw",
    "-",
    "|",
    'default("x")',
    "if",
    "=",
    "\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_it_makes_a_template_that_the_core_takes_of_anything(text: str) -> None:
    converted = to_template(text)
    values = {name: f"<{name}>" for name in converted.variables["required"]}

    rendered = render(text, **values)

    if not converted.variables["properties"]:
        assert rendered == text
