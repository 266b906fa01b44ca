"""A client's brand file: what is in it, and how a template meets it."""

from typing import Any

import pytest
from assay.core.brand import check_brand, fill_brand, is_empty
from assay.core.render import compile_template

WHOLE: dict[str, Any] = {
    "voice": {
        "primary_tone": "warm",
        "secondary_tone": "dry",
        "personality_traits": ["curious", "frank"],
        "language_style": "short sentences",
        "emojis_allowed": False,
    },
    "do": ["say where the flour is from"],
    "dont": ["say artisanal"],
    "business_name": "Maison Dupont",
    "tagline": "Bread, at last",
    "vertical": "restaurants",
}


@pytest.mark.parametrize(
    "brand", [WHOLE, {"do": ["a"], "dont": ["b"]}, {"do": ["a"], "dont": ["b"], "tagline": None, "voice": None}]
)
def test_it_takes_a_brand_file(brand: dict[str, Any]) -> None:
    assert check_brand(brand) == []
    assert not is_empty(brand)


@pytest.mark.parametrize(
    "brand",
    [{}, {"do": [], "dont": []}, {"tagline": " ", "voice": {"emojis_allowed": True, "personality_traits": []}}],
)
def test_it_lets_an_empty_one_be(brand: dict[str, Any]) -> None:
    assert is_empty(brand)
    assert check_brand(brand) == []
    assert fill_brand(brand) is None


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"do": []}, "/do", "brand_incomplete"),
        ({"dont": None}, "/dont", "brand_incomplete"),
        ({"do": [" "]}, "/do", "brand_incomplete"),
        ({"do": "a"}, "/do", "invalid_brand"),
        ({"do": [""]}, "/do/0", "invalid_brand"),
        ({"do": ["a", 5]}, "/do/1", "invalid_brand"),
        ({"do": ["x"] * 51}, "/do", "invalid_brand"),
        ({"tagline": 5}, "/tagline", "invalid_brand"),
        ({"tagline": "x" * 501}, "/tagline", "invalid_brand"),
        ({"tagline": "\x00"}, "/tagline", "invalid_brand"),
        ({"voice": []}, "/voice", "invalid_brand"),
        ({"voice": {"emojis_allowed": "no"}}, "/voice/emojis_allowed", "invalid_brand"),
        ({"voice": {"loudness": 11}}, "/voice/loudness", "unknown_field"),
        ({"motto": "x"}, "/motto", "unknown_field"),
    ],
)
def test_it_names_what_is_wrong(change: dict[str, Any], pointer: str, code: str) -> None:
    assert [(error.pointer, error.code) for error in check_brand(WHOLE | change)] == [(pointer, code)]


@pytest.mark.parametrize("brand", [None, [], "x", 5])
def test_it_refuses_what_is_no_object(brand: object) -> None:
    assert [error.pointer for error in check_brand(brand)] == ["/"]


def test_a_template_sees_it_whole_and_what_it_leaves_out_as_nothing() -> None:
    template = compile_template(
        "{% if brand %}{{ brand.voice.primary_tone }}|{{ brand.tagline }}|{{ brand.do|join(', ') }}|"
        "{% for trait in brand.voice.personality_traits %}{{ trait }} {% endfor %}{% else %}no brand{% endif %}"
    )

    full = template.render({"brand": fill_brand(WHOLE)})
    assert full == "warm|Bread, at last|say where the flour is from|curious frank "
    assert template.render({"brand": fill_brand({"do": ["a"], "dont": ["b"]})}) == "||a|"
    assert template.render({"brand": fill_brand({})}) == "no brand"
    assert template.render({"brand": fill_brand(None)}) == "no brand"
