"""What a person does, with the mouse and the keyboard."""

from playwright.sync_api import Browser, expect

from sentinel.models import ApiKey
from tests.browser.conftest import Visitor, visit
from vault.models import Client, Label, Prompt


def served(prompt: Prompt) -> str:
    return Label.objects.select_related("version").get(prompt=prompt, name="production").version.number


def arrive(chromium: Browser, site: str) -> Visitor:
    visitor = visit(chromium, site, 1280, "light")
    visitor.log_in("root")
    return visitor


def test_it_publishes_tries_and_takes_back(chromium: Browser, site: str, prompt: Prompt) -> None:
    visitor = arrive(chromium, site)
    page = visitor.page
    visitor.go(f"/admin/vault/prompt/{prompt.pk}/change/")
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_text("production moved from 1.0.0 to 1.1.0")).to_be_visible()
    assert served(prompt) == "1.1.0"
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Taken back: production is at 1.0.0 again.")).to_be_visible()
    assert served(prompt) == "1.0.0"

    page.get_by_label("Version for production").select_option("1.1.0")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("production moved from 1.0.0 to 1.1.0")).to_be_visible()

    page.get_by_role("link", name="Try it").first.click()
    expect(page.locator("#rendered")).to_contain_text("Briefly: a plum cake.")
    page.get_by_label("dish").fill("")
    page.get_by_role("button", name="Render").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_label("dish").fill("rye {{ not.expanded }}")
    page.get_by_role("button", name="Render").click()
    expect(page.locator("#rendered")).to_contain_text("Briefly: rye {{ not.expanded }}.")
    assert visitor.examine() == []


def test_it_compares_versions_and_writes_the_next_as_a_chat(chromium: Browser, site: str, prompt: Prompt) -> None:
    visitor = arrive(chromium, site)
    page = visitor.page
    visitor.go(f"/admin/vault/prompt/{prompt.pk}/versions/")
    page.get_by_label("Compare from 1.1.0").check()
    page.get_by_label("Compare to 1.0.0").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="From 1.1.0 to 1.0.0")).to_be_visible()

    page.get_by_role("link", name="New version").click()
    expect(page.get_by_label("Text", exact=False).last).to_be_visible()
    page.get_by_role("radio", name="Chat").check()
    expect(page.locator("#id_content")).to_be_hidden()
    rows = page.locator("#messages [data-row]")
    before = rows.count()
    page.get_by_role("button", name="Add a message").click()
    expect(rows).to_have_count(before + 1)
    page.locator("textarea[name=message-0-content]").fill("Be brief about {{ dish }}.")
    page.locator(f"textarea[name=message-{before}-content]").fill("And {{ why }}?")
    page.get_by_label("Publish it").check()
    page.get_by_role("button", name="Save the version").click()
    expect(page.get_by_text("is published: it is served from now on")).to_be_visible()
    assert [it["content"] for it in prompt.versions.newest_first()[0].content] == [
        "Be brief about {{ dish }}.",
        "And {{ why }}?",
    ]
    assert visitor.examine() == []


def test_it_writes_a_brand_voice(chromium: Browser, site: str) -> None:
    visitor = arrive(chromium, site)
    page = visitor.page
    visitor.go("/admin/vault/client/add/")
    page.get_by_label("Client", exact=False).first.fill("Lindgren")
    page.get_by_role("checkbox", name="curious").check()
    page.get_by_role("radio", name="Yes, with measure").check()
    page.get_by_label("Do, 1").fill("Say good morning.")
    page.locator("[data-add-row=rules-do]").click()
    page.locator("input[name=do-2-line]").fill("Say good night.")
    page.get_by_role("button", name="Save").click()
    # A brand voice wants at least one thing not to do.
    expect(page.get_by_role("alert").first).to_be_visible()
    assert page.locator("input[name=do-1-line]").input_value() == "Say good night."
    page.get_by_label("Don't, 1").fill("Never shout.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Lindgren is saved")).to_be_visible()
    brand = Client.objects.get(name="Lindgren").brand_file
    assert brand["do"] == ["Say good morning.", "Say good night."]
    assert brand["voice"] == {"personality_traits": ["curious"], "emojis_allowed": True}
    assert visitor.examine() == []


def test_it_makes_a_key_shows_it_once_and_revokes_it(chromium: Browser, site: str) -> None:
    visitor = arrive(chromium, site)
    page = visitor.page
    visitor.go("/admin/sentinel/apikey/")
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("newsletter")
    page.get_by_role("button", name="Make the key").click()
    raw = page.get_by_label("The key").input_value()
    assert ApiKey.objects.get(name="newsletter").digest == ApiKey.digest_of(raw)
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("link", name="I have it").click()
    expect(page.get_by_role("link", name="newsletter")).to_be_visible()
    assert raw not in page.content()
    page.get_by_role("link", name="newsletter").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Revoke this key").click()
    assert ApiKey.objects.get(name="newsletter").revoked_at is None
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke this key").click()
    expect(page.get_by_text("newsletter is revoked")).to_be_visible()
    assert ApiKey.objects.get(name="newsletter").revoked_at is not None
    assert visitor.examine() == []


def test_it_filters_and_changes_the_project(chromium: Browser, site: str) -> None:
    visitor = arrive(chromium, site)
    page = visitor.page
    visitor.go("/admin/vault/prompt/")
    page.get_by_label("Category").select_option("chat")
    page.wait_for_url("**category=chat**")
    expect(page.get_by_role("link", name="Baker's chat")).to_be_visible()
    expect(page.get_by_role("link", name="Rival caption")).to_have_count(0)
    page.locator(".as-switch summary").click()
    page.get_by_role("button", name="Sawmill").click()
    expect(page.get_by_text("You are in the project sawmill now.")).to_be_visible()
    visitor.go("/admin/vault/prompt/")
    expect(page.get_by_role("link", name="Rival caption")).to_have_count(0)
    assert visitor.examine() == []


def test_it_works_with_the_menu_of_a_phone(chromium: Browser, site: str) -> None:
    visitor = visit(chromium, site, 390, "dark")
    visitor.log_in("root")
    page = visitor.page
    expect(page.get_by_role("link", name="Clients")).to_be_hidden()
    page.get_by_role("button", name="Show the menu").click()
    page.get_by_role("link", name="Clients").click()
    expect(page.get_by_role("heading", name="Clients")).to_be_visible()
    page.get_by_role("button", name="Show the menu").click()
    page.get_by_text("root", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert visitor.examine() == []
