"""The form of a brand voice."""

from typing import Any

import pytest
from django.urls import reverse

from tests.admin.shelf import BRAND, make_client
from tests.conftest import Person
from vault.models import Client

pytestmark = pytest.mark.django_db

ADD = "admin:vault_client_add"
TYPED: dict[str, Any] = {
    "name": "Crumb",
    "business_name": "Crumb & Co",
    "primary_tone": "warm",
    "secondary_tone": "",
    "traits": ["honest"],
    "more_traits": "floury, honest",
    "language_style": "Short.\r\nThen shorter.",
    "emojis_allowed": "no",
    "do-0-line": "Name the flour.",
    "do-1-line": "  ",
    "do-2-line": "Say when it was baked.",
    "dont-0-line": "Never say artisan.",
}


def test_it_saves_a_brand_voice_as_it_was_typed(mia: Person) -> None:
    answer = mia.browser().post(reverse(ADD), TYPED)
    assert answer.status_code == 302
    client = Client.objects.get()
    assert client.project == mia.project
    assert client.brand_file == {
        "business_name": "Crumb & Co",
        "voice": {
            "primary_tone": "warm",
            "personality_traits": ["honest", "floury"],
            "language_style": "Short.\nThen shorter.",
            "emojis_allowed": False,
        },
        "do": ["Name the flour.", "Say when it was baked."],
        "dont": ["Never say artisan."],
    }


def test_it_shows_what_is_there_and_keeps_it_when_saved_again(mia: Person) -> None:
    client = make_client(mia.project)
    address = reverse("admin:vault_client_change", args=[client.pk])
    page = mia.browser().get(address).content.decode()
    assert 'value="Name the flour."' in page
    assert 'value="floury"' in page
    sent = {
        "name": "Crumb",
        "business_name": "Crumb & Co",
        "primary_tone": "warm",
        "traits": ["honest"],
        "more_traits": "floury",
        "emojis_allowed": "no",
        "do-0-line": "Name the flour.",
        "dont-0-line": "Never say artisan.",
    }
    assert mia.browser().post(address, sent).status_code == 302
    client.refresh_from_db()
    assert client.brand_file == BRAND


def test_it_takes_a_client_of_whom_nothing_is_known_yet(mia: Person) -> None:
    assert mia.browser().post(reverse(ADD), {"name": "New here"}).status_code == 302
    assert Client.objects.get().brand_file == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dont-0-line": ""}, "at least one `dont`"),
        ({"do-0-line": "", "do-2-line": ""}, "at least one `do`"),
        ({"primary_tone": "x" * 201}, "id_primary_tone_error"),
        ({"do-0-line": "x" * 501}, "do"),
        ({"name": ""}, "id_name_error"),
        ({"name": "N\x00UL"}, "id_name_error"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_what_was_typed(mia: Person, changed: dict[str, str], said: str) -> None:
    page = mia.browser().post(reverse(ADD), TYPED | changed)
    assert page.status_code == 200
    text = page.content.decode()
    assert said in text
    assert 'role="alert"' in text
    assert "Crumb &amp; Co" in text
    assert not Client.objects.exists()


def test_it_says_that_a_name_is_taken(mia: Person) -> None:
    make_client(mia.project)
    page = mia.browser().post(reverse(ADD), TYPED).content.decode()
    assert "id_name_error" in page
    assert Client.objects.count() == 1


def test_it_switches_a_client_off_and_on(mia: Person) -> None:
    client = make_client(mia.project)
    address = reverse("admin:vault_client_switch", args=[client.pk])
    for active, expected in (("no", False), ("yes", True)):
        mia.browser().post(address, {"active": active})
        client.refresh_from_db()
        assert client.is_active is expected
    assert mia.browser().get(address).status_code == 405
