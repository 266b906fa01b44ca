"""What stands on a project's shelf in tests of the admin."""

import re
from typing import Any

from django.test import Client as Browser
from django.urls import reverse

from sentinel.models import ApiKey, Project
from tests.conftest import Person
from vault.create_prompt import create_prompt
from vault.learn import Report, learn
from vault.models import Client, Prompt

TEMPLATE = "Write a caption for {{ dish }}.{% if brand %} You speak for {{ brand.business_name }}.{% endif %}"
BRAND = {
    "voice": {"primary_tone": "warm", "personality_traits": ["honest", "floury"], "emojis_allowed": False},
    "do": ["Name the flour."],
    "dont": ["Never say artisan."],
    "business_name": "Crumb & Co",
}


def make_prompt(person: Person, name: str = "Bread caption", **given: Any) -> Prompt:
    context = {"category": "caption", "vertical": "food", "platform": "instagram", "agent_code": "RAFA"}
    context |= {
        key: given.pop(key) for key in list(given) if key in {field.name for field in Prompt._meta.get_fields()}
    }
    return create_prompt(access=person.access, context={"name": name, **context}, **({"content": TEMPLATE} | given))


def make_client(project: Project, name: str = "Crumb", **given: Any) -> Client:
    return Client.objects.create(project=project, name=name, **({"brand_file": BRAND} | given))


def report(prompt: Prompt, *rates: float) -> None:
    reports = [Report(prompt_id=prompt.pk, rate=rate, engagements=rate * 100, impressions=100) for rate in rates]
    learn(project_id=prompt.project_id, reports=reports)
    prompt.refresh_from_db()


def page_of(prompt: Prompt, tab: str = "") -> str:
    """The address of one of a prompt's pages."""
    return reverse(f"admin:vault_prompt_{tab}_page" if tab else "admin:vault_prompt_change", args=[prompt.pk])


def action_of(prompt: Prompt, name: str) -> str:
    """Where one of a prompt's actions is posted."""
    return reverse(f"admin:vault_prompt_{name}", args=[prompt.pk])


def changelists(browser: Browser) -> list[str]:
    """The addresses of all lists in the sidebar that this person sees."""
    page = browser.get(reverse("admin:index")).content.decode()
    sidebar = page[page.index('id="nav-sidebar-apps"') :]
    return sorted(set(re.findall(r'href="(/admin/\w+/\w+/)"', sidebar)))


def version_fields(**given: Any) -> dict[str, Any]:
    """What the form of a version sends."""
    return {"kind": "text", "content": "Say {{ word }}.", "variables": "", "note": "", **given}


def key_named(name: str) -> ApiKey:
    return ApiKey.objects.get(name=name)
