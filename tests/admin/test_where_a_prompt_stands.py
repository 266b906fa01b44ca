"""Where a prompt is chosen is what the core chooses."""

import pytest
from assay.core import resolve as core

from experiments.bundle import serve
from tests.admin.shelf import make_prompt, page_of, report
from tests.conftest import Person
from vault.models import VaultSettings
from vault.move_label import move_label
from vault.standing import standing

pytestmark = pytest.mark.django_db


def test_it_names_the_tiers_that_find_a_prompt(mia: Person) -> None:
    placed = make_prompt(mia, "Placed")
    anywhere = make_prompt(mia, "Anywhere", platform=None, agent_code=None)
    generic = make_prompt(mia, "Generic", vertical="generic", platform=None, agent_code=None)
    assert [it.tier for it in standing(placed)] == ["exact", "vertical"]
    assert [it.tier for it in standing(anywhere)] == ["vertical"]
    assert [it.tier for it in standing(generic)] == ["generic"]


def test_it_agrees_with_what_is_resolved(mia: Person) -> None:
    prompts = [make_prompt(mia, f"Number {place}") for place in range(3)]
    prompts.append(make_prompt(mia, "For any agent", agent_code=None, platform=None))
    report(prompts[1], 0.9)
    report(prompts[3], 0.95)
    bundle = serve(mia.project.pk).bundle
    for tier, asked in [
        ("exact", {"vertical": "food", "platform": "instagram", "agent_code": "RAFA"}),
        ("vertical", {"vertical": "food", "agent_code": "RAFA"}),
    ]:
        request = core.Request(category="caption", variables={"dish": "rye"}, **asked)
        resolved = core.resolve(bundle, request)
        assert resolved.tier == tier
        for prompt in prompts[:3]:
            found = next(it for it in standing(prompt) if it.tier == tier)
            assert {str(it.prompt.pk): it.share for it in found.rivals}[resolved.prompt.id] == 1.0
            assert str(found.rivals[0].prompt.pk) == resolved.prompt.id
            assert found.share == (1.0 if str(prompt.pk) == resolved.prompt.id else 0.0)


def test_it_leaves_out_who_serves_another_agent_vertical_or_language(mia: Person) -> None:
    prompt = make_prompt(mia)
    make_prompt(mia, "Other agent", agent_code="ATLAS")
    make_prompt(mia, "Other trade", vertical="health")
    make_prompt(mia, "Other language", language="fr")
    make_prompt(mia, "Not published", publish=False)
    for tier in standing(prompt):
        assert [it.prompt.name for it in tier.rivals] == [prompt.name]


def test_it_shares_a_tier_out_under_thompson(mia: Person) -> None:
    good, bad = make_prompt(mia, "Good"), make_prompt(mia, "Bad")
    report(good, *[0.8] * 30)
    report(bad, *[0.1] * 30)
    settings = VaultSettings.objects.of(mia.project.pk)
    settings.policy = "thompson"
    settings.save()
    assert standing(good)[0].share > 0.95
    newcomer = make_prompt(mia, "Newcomer")
    share = standing(newcomer)[0].share
    assert 0 < share < 1
    rivals = standing(newcomer)[0].rivals
    assert sum(it.share for it in rivals) == pytest.approx(1)


def test_it_stands_nowhere_while_it_is_not_served(mia: Person) -> None:
    prompt = make_prompt(mia)
    move_label(access=mia.access, prompt=prompt, label="production", version=None)
    assert standing(prompt) == []
    assert "no version of it is published" in mia.browser().get(page_of(prompt)).content.decode()
