"""The prompts that come with Assay: what a newcomer sees first."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from assay.core.render import compile_template
from assay.core.variables import compile_variables
from django.core.management import call_command

import vault
from sentinel.access import access_of_installation
from sentinel.models import Project, Revision
from vault.add_version import add_version
from vault.export_prompts import export_prompts
from vault.models import Prompt, Version

SEED = Path(vault.__file__).parent / "seed"
BRAND = {
    "business_name": "Casa Luz",
    "tagline": "Light first",
    "vertical": "real_estate",
    "voice": {
        "primary_tone": "warm",
        "secondary_tone": "dry",
        "personality_traits": ["patient", "exact"],
        "language_style": "short sentences",
        "emojis_allowed": False,
    },
    "do": ["Name the street"],
    "dont": ["Say luxury"],
}


@pytest.fixture
def seeded(bakery: Project) -> Project:
    call_command("seed", project="bakery", verbosity=0)
    return bakery


def rendered(version: Version, values: dict[str, Any], brand: dict[str, Any]) -> Iterator[str]:
    checked = compile_variables(version.variables).check(values)
    for template in version.templates:
        yield compile_template(template).render({**checked, "brand": brand})


def test_it_brings_thirty_content_prompts(seeded: Project) -> None:
    content = Prompt.objects.exclude(category="lead_enrichment")

    verticals = Counter(content.values_list("vertical", flat=True))
    assert verticals == {"real_estate": 8, "construction": 7, "health": 7, "restaurants": 8}
    categories = {"caption", "ad", "email", "script", "story", "post", "hashtags"}
    for vertical in verticals:
        assert set(content.filter(vertical=vertical).values_list("category", flat=True)) == categories
    assert all(prompt.technique and prompt.source == "assay" and prompt.tags for prompt in content)
    agents = set(content.values_list("agent_code", flat=True))
    assert agents <= {"NOVA", "ATLAS", "RAFA", "SENTINEL", "REX", "ANCHOR", None}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_brings_the_lead_baselines_with_two_variants_that_are_not_served(seeded: Project, language: str) -> None:
    prompt = Prompt.objects.get(category="lead_enrichment", language=language)

    assert prompt.vertical == "generic"
    versions = {version.number: version for version in prompt.versions.all()}
    assert {number: (v.variant_id, v.strategy, v.is_baseline) for number, v in versions.items()} == {
        "1.0.0": ("", "", True),
        "1.1.0": ("few_shot_v1", "few_shot_enhancement", False),
        "1.2.0": ("role_enhanced_v1", "role_improvement", False),
    }
    assert {label.name: label.version.number for label in prompt.labels.all()} == {"production": "1.0.0"}
    for version in versions.values():
        assert set(version.variables["properties"]) == {"message", "ai_summary"}
        schema = version.model_settings["response_schema"]
        assert schema["required"] == ["intent", "tone", "urgency", "confidence_score"]
        assert schema["properties"]["urgency"]["enum"] == ["Low", "Medium", "High"]
        score = schema["properties"]["confidence_score"]
        assert (score["minimum"], score["maximum"]) == (0, 1)


def test_it_shows_answers_in_its_few_shots_that_its_own_schema_takes(seeded: Project) -> None:
    for version in Version.objects.filter(variant_id="few_shot_v1"):
        answers = [message["content"] for message in version.content if message["role"] == "assistant"]
        assert len(answers) >= 3
        for answer in answers:
            jsonschema_rs.validate(version.model_settings["response_schema"], json.loads(answer))


@pytest.mark.parametrize("brand", [{}, BRAND], ids=["no brand", "brand"])
def test_it_renders_every_example_with_a_brand_and_without(seeded: Project, brand: dict[str, Any]) -> None:
    for prompt in Prompt.objects.all():
        for version in prompt.versions.all():
            text = "\n".join(rendered(version, json.loads(prompt.example_input), brand))
            assert "\n\n\n" not in text, prompt.name
            assert "{{" not in text, prompt.name
            assert "{%" not in text, prompt.name
            speaks = brand and prompt.category != "lead_enrichment"
            assert (BRAND["business_name"] in text) == bool(speaks), prompt.name


def test_it_shows_an_output_that_the_response_schema_takes(seeded: Project) -> None:
    shown = 0
    for prompt in Prompt.objects.all():
        schema = prompt.versions.get(number="1.0.0").model_settings.get("response_schema")
        assert prompt.example_output
        if schema:
            jsonschema_rs.validate(schema, json.loads(prompt.example_output))
            shown += 1
    assert shown == 6


def test_it_describes_every_variable(seeded: Project) -> None:
    for version in Version.objects.select_related("prompt"):
        for name, rule in version.variables["properties"].items():
            assert rule.get("description"), (version.prompt.name, name)


def test_it_is_written_as_an_export_writes_it(seeded: Project, tmp_path: Path) -> None:
    export_prompts(access=access_of_installation(seeded), folder=tmp_path)

    written = {path.relative_to(tmp_path): path.read_text("utf-8") for path in tmp_path.rglob("*.yaml")}
    assert written == {path.relative_to(SEED): path.read_text("utf-8") for path in SEED.rglob("*.yaml")}


def test_it_changes_nothing_the_second_time(seeded: Project) -> None:
    before = Revision.objects.get(project=seeded).content
    out = io.StringIO()

    call_command("seed", project="bakery", stdout=out)

    assert out.getvalue() == "0 prompts added, 32 were there before.\n"
    assert Revision.objects.get(project=seeded).content == before


def test_it_leaves_alone_what_people_changed_or_deleted(seeded: Project) -> None:
    changed = Prompt.objects.get(name="Open house ad")
    add_version(access=access_of_installation(seeded), prompt=changed, content="Ours.", publish=True)
    Prompt.objects.filter(name="Dish caption: sensory").update(is_active=False)

    call_command("seed", project="bakery", verbosity=0)

    assert changed.labels.get(name="production").version.content == "Ours."
    assert list(Prompt.objects.filter(name="Dish caption: sensory").values_list("is_active", flat=True)) == [False]
