"""What a person sees of a prompt and does with it."""

import pytest
from django.urls import reverse

from tests.admin.shelf import action_of, make_client, make_prompt, page_of, report, version_fields
from tests.conftest import Person
from vault.add_version import add_version
from vault.models import Label, LabelMove, Prompt, Version

pytestmark = pytest.mark.django_db


def shown(person: Person, address: str) -> str:
    page = person.browser().get(address)
    assert page.status_code == 200
    return page.content.decode()


def served(prompt: Prompt) -> str | None:
    label = Label.objects.filter(prompt=prompt, name="production").select_related("version").first()
    return label.version.number if label else None


def test_it_shows_the_text_that_is_served_with_its_variables_marked(mia: Person) -> None:
    page = shown(mia, page_of(make_prompt(mia)))
    assert "What is served" in page
    assert '<span class="as-var">dish</span>' in page
    assert '<span class="as-var">brand.business_name</span>' in page
    assert "{{" not in page


def test_it_shows_a_chat_as_bubbles(mia: Person) -> None:
    content = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why {{ what }}?"}]
    page = shown(mia, page_of(make_prompt(mia, kind="chat", content=content)))
    assert "as-bubble-system" in page
    assert "as-bubble-user" in page


def test_it_escapes_what_a_prompt_says(mia: Person) -> None:
    prompt = make_prompt(mia, "<script>alert(1)</script>", content="<img src=x onerror=alert(1)> {{ a }}")
    for tab in ("", "versions", "try", "new_version", "details", "history"):
        page = shown(mia, page_of(prompt, tab))
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_it_draws_the_score_over_its_reports(mia: Person) -> None:
    prompt = make_prompt(mia)
    assert "<polyline" not in shown(mia, page_of(prompt))
    report(prompt, 0.9, 0.8, 0.7)
    page = shown(mia, page_of(prompt))
    assert "<polyline" in page
    assert f"The score went from 5.00 to {prompt.performance_score:.2f} over 3 reports." in page


def test_it_publishes_with_one_click_and_takes_it_back_with_another(mia: Person) -> None:
    prompt = make_prompt(mia)
    add_version(access=mia.access, prompt=prompt, content="Briefly: {{ dish }}.")
    assert "1.1.0 is newer and not published" in shown(mia, page_of(prompt))
    browser = mia.browser()
    moved = browser.post(action_of(prompt, "move"), {"label": "production", "version": "1.1.0"}, follow=True)
    assert served(prompt) == "1.1.0"
    assert b"production moved from 1.0.0 to 1.1.0" in moved.content
    assert LabelMove.objects.filter(prompt=prompt)[0].moved_by == mia.user
    back = browser.post(action_of(prompt, "take_back"), {"label": "production"}, follow=True)
    assert served(prompt) == "1.0.0"
    assert b"Taken back" in back.content


def test_it_takes_a_label_away_and_brings_it_back(mia: Person) -> None:
    prompt = make_prompt(mia)
    browser = mia.browser()
    browser.post(action_of(prompt, "move"), {"label": "production", "version": ""})
    assert served(prompt) is None
    assert "no version of it is published" in shown(mia, page_of(prompt))
    browser.post(action_of(prompt, "take_back"), {"label": "production"})
    assert served(prompt) == "1.0.0"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"label": "latest", "version": "1.0.0"}, 422),
        ({"label": "No Such Name", "version": "1.0.0"}, 422),
        ({"label": "", "version": "1.0.0"}, 422),
        ({"label": "staging", "version": "9.9.9"}, 404),
        ({"label": "staging\x00", "version": "1.0.0"}, 422),
    ],
)
def test_it_says_why_a_label_cannot_move(mia: Person, sent: dict[str, str], status: int) -> None:
    prompt = make_prompt(mia)
    answer = mia.browser().post(action_of(prompt, "move"), sent)
    assert answer.status_code == status
    assert b"To the overview" in answer.content
    assert LabelMove.objects.filter(prompt=prompt).count() == 1


def test_it_says_that_there_is_nothing_to_take_back(mia: Person) -> None:
    assert mia.browser().post(action_of(make_prompt(mia), "take_back"), {"label": "beta"}).status_code == 409


def test_it_moves_nothing_on_get(mia: Person) -> None:
    prompt = make_prompt(mia)
    for name in ("move", "take_back", "switch"):
        assert mia.browser().get(action_of(prompt, name)).status_code == 405


def test_it_shows_the_words_that_changed_between_any_two_versions(mia: Person) -> None:
    prompt = make_prompt(mia, content="Say it in ninety words.\n\nThen stop.")
    add_version(access=mia.access, prompt=prompt, content="Say it in sixty words.\n\nThen stop.")
    add_version(access=mia.access, prompt=prompt, content="Say it at once.", model_settings={"temperature": 0.2})
    page = shown(mia, f"{page_of(prompt, 'versions')}?from=1.0.0&to=1.1.0")
    assert "<del>ninety</del>" in page
    assert "<ins>sixty</ins>" in page
    assert "From 1.0.0 to 1.1.0" in page
    whole = shown(mia, page_of(prompt, "versions"))
    assert "From 1.0.0 to 1.2.0" in whole  # production and the newest, when nobody says
    assert "model_settings/temperature" in whole
    assert mia.browser().get(f"{page_of(prompt, 'versions')}?from=7.7.7").status_code == 404


def test_it_shows_one_version_as_it_is_stored(mia: Person) -> None:
    prompt = make_prompt(mia)
    page = shown(mia, reverse("admin:vault_version", args=[prompt.pk, "1.0.0"]))
    assert "As it is stored" in page
    assert "Write a caption for {{ dish }}." in page
    assert mia.browser().get(reverse("admin:vault_version", args=[prompt.pk, "3.0.0"])).status_code == 404


def test_it_tries_a_version_with_variables_and_a_brand_voice(mia: Person) -> None:
    prompt = make_prompt(mia)
    client = make_client(mia.project)
    sent = {"var-dish": "rye & seeds", "client": str(client.pk), "version": "1.0.0"}
    page = mia.browser().post(page_of(prompt, "try"), sent).content.decode()
    assert "Write a caption for rye &amp; seeds. You speak for Crumb &amp; Co." in page
    prompt.refresh_from_db()
    assert prompt.times_used == 0


def test_it_tries_with_the_prompts_example_before_anybody_types(mia: Person) -> None:
    prompt = make_prompt(mia, example_input='{"dish": "a plum cake"}')
    assert "Write a caption for a plum cake." in shown(mia, page_of(prompt, "try"))


def test_it_says_at_the_field_which_variable_cannot_be_used(mia: Person) -> None:
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 1},
            "tone": {"enum": ["warm", "dry"]},
            "dishes": {"type": "array", "items": {"type": "string"}},
            "who": {"type": "string", "default": "you"},
        },
        "required": ["count", "dishes"],
    }
    content = "{{ count }} {{ tone }} {% for dish in dishes %}[{{ dish }}]{% endfor %} {{ who }}"
    prompt = make_prompt(mia, content=content, variables=schema)
    browser = mia.browser()
    for sent, field in [
        ({"var-count": "many", "var-dishes": "soup"}, "var-count"),
        ({"var-count": "0", "var-dishes": "soup"}, "var-count"),
        ({"var-count": "2"}, "var-dishes"),
    ]:
        page = browser.post(page_of(prompt, "try"), sent).content.decode()
        assert f'id="id_{field}_error"' in page, sent
        assert "Fill in the fields" in page
    good = {"var-count": "2", "var-dishes": "soup\r\nfish", "var-tone": '"dry"'}
    assert "2 dry [soup][fish] you" in browser.post(page_of(prompt, "try"), good).content.decode()


def test_it_tries_a_chat(mia: Person) -> None:
    content = [{"role": "system", "content": "Be {{ tone }}."}, {"role": "user", "content": "Why {{ what }}?"}]
    prompt = make_prompt(mia, kind="chat", content=content)
    page = mia.browser().post(page_of(prompt, "try"), {"var-tone": "kind", "var-what": "bread"}).content.decode()
    assert "Be kind." in page
    assert "Why bread?" in page


def test_it_saves_a_new_version_without_publishing_it(mia: Person) -> None:
    prompt = make_prompt(mia)
    sent = version_fields(note="Shorter", temperature="0.4")
    answer = mia.browser().post(page_of(prompt, "new_version"), sent)
    assert answer.url == page_of(prompt, "versions")
    version = prompt.versions.newest_first()[0]
    assert (version.number, version.content, version.note) == ("2.0.0", "Say {{ word }}.", "Shorter")
    assert version.model_settings == {"temperature": 0.4}
    assert version.author == mia.user
    assert served(prompt) == "1.0.0"


def test_it_saves_and_publishes_a_chat_with_line_ends_of_its_own(mia: Person) -> None:
    prompt = make_prompt(mia)
    sent = version_fields(
        kind="chat",
        publish="on",
        **{
            "message-0-role": "system",
            "message-0-content": "First.\r\nSecond.",
            "message-1-role": "user",
            "message-1-content": "   ",
            "message-2-role": "user",
            "message-2-content": "{{ question }}",
        },
    )
    assert mia.browser().post(page_of(prompt, "new_version"), sent).url == page_of(prompt)
    version = prompt.versions.newest_first()[0]
    assert version.content == [
        {"role": "system", "content": "First.\nSecond."},
        {"role": "user", "content": "{{ question }}"},
    ]
    assert served(prompt) == version.number


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"content": "{{ a"}, "content"),
        ({"content": "{{ a.__class__ }}"}, "content"),
        ({"content": ""}, "content"),
        ({"variables": "{no json"}, "variables"),
        ({"variables": '{"type": "object", "properties": {}}'}, "variables"),
        ({"temperature": "9"}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": "-1"}, "max_tokens"),
        ({"more_settings": "[1]"}, "more_settings"),
        ({"more_settings": '{"nonsense": 1}'}, "more_settings"),
    ],
)
def test_it_says_at_the_field_why_a_version_cannot_be_saved(mia: Person, sent: dict[str, str], field: str) -> None:
    prompt = make_prompt(mia)
    page = mia.browser().post(page_of(prompt, "new_version"), version_fields(**sent))
    assert page.status_code == 200
    assert f'id="id_{field}_error"' in page.content.decode()
    assert Version.objects.count() == 1


def test_it_says_which_message_of_a_chat_is_wrong_and_keeps_what_was_typed(mia: Person) -> None:
    prompt = make_prompt(mia)
    messages = {
        "message-0-role": "user",
        "message-0-content": "Fine {{ a }}",
        "message-1-role": "user",
        "message-1-content": "Broken {{ a",
    }
    page = mia.browser().post(page_of(prompt, "new_version"), version_fields(kind="chat", **messages)).content.decode()
    assert "Message 2:" in page
    assert "Broken {{ a" in page
    assert Version.objects.count() == 1


def test_it_makes_a_prompt_with_its_first_version(mia: Person) -> None:
    context = {
        "name": "Rolls",
        "category": "caption",
        "vertical": "food",
        "language": "en",
        "tags": "bread, dawn, bread",
    }
    answer = mia.browser().post(reverse("admin:vault_prompt_add"), version_fields(publish="on", **context))
    prompt = Prompt.objects.get(name="Rolls")
    assert answer.url == page_of(prompt)
    assert (prompt.project, prompt.tags, prompt.platform) == (mia.project, ["bread", "dawn"], None)
    assert served(prompt) == "1.0.0"


def test_it_says_that_a_name_is_taken_at_its_field(mia: Person) -> None:
    make_prompt(mia, "Rolls")
    context = {"name": "Rolls", "category": "caption", "vertical": "food", "language": "en"}
    page = mia.browser().post(reverse("admin:vault_prompt_add"), version_fields(**context)).content.decode()
    assert 'id="id_name_error"' in page
    assert Prompt.objects.count() == 1


def test_it_changes_a_prompts_details(mia: Person) -> None:
    prompt = make_prompt(mia)
    sent = {"name": "Loaf caption", "category": "caption", "vertical": "food", "language": "fr", "agent_code": ""}
    assert mia.browser().post(page_of(prompt, "details"), sent).url == page_of(prompt)
    prompt.refresh_from_db()
    assert (prompt.name, prompt.language, prompt.agent_code) == ("Loaf caption", "fr", None)
    page = mia.browser().post(page_of(prompt, "details"), sent | {"category": "no spaces"}).content.decode()
    assert 'id="id_category_error"' in page


def test_it_switches_a_prompt_off_and_on(mia: Person) -> None:
    prompt = make_prompt(mia)
    mia.browser().post(action_of(prompt, "switch"), {"active": "no"})
    prompt.refresh_from_db()
    assert not prompt.is_active
    assert "it is switched off" in shown(mia, page_of(prompt))
    make_prompt(mia, prompt.name)
    refused = mia.browser().post(action_of(prompt, "switch"), {"active": "yes"})
    assert refused.status_code == 409  # another carries its name by now
    assert b"already" in refused.content


def test_it_shows_moves_and_reports_in_pages(mia: Person) -> None:
    prompt = make_prompt(mia)
    report(prompt, *[0.5] * 60)
    page = shown(mia, page_of(prompt, "history"))
    assert "60 in all" in page
    assert "Page 1 of 2" in page
    assert "Older" in page
    assert "Page 2 of 2" in shown(mia, f"{page_of(prompt, 'history')}?p=2")


def test_it_filters_the_list_by_context_and_sorts_it_by_score(mia: Person) -> None:
    best = make_prompt(mia, "Best caption")
    make_prompt(mia, "Plain caption")
    make_prompt(mia, "Letter", category="email", platform=None)
    report(best, 1.0)
    address = reverse("admin:vault_prompt_changelist")
    page = shown(mia, address)
    assert page.index("Best caption") < page.index("Plain caption")
    found = shown(mia, f"{address}?category=email&platform=&q=")
    assert "Letter" in found
    assert "Best caption" not in found
    assert "Plain caption" in shown(mia, f"{address}?q=plain")
