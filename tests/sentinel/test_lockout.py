"""Who guesses passwords is stopped."""

from django.test import Client
from django.urls import reverse

from tests.conftest import Person

PASSWORD = "correct-horse-battery"


def log_in(name: str, password: str, address: str = "192.0.2.1") -> int:
    """The status: 302 is in, 200 the form again, 429 the door shut."""
    client = Client(REMOTE_ADDR=address)
    return client.post(reverse("admin:login"), {"username": name, "password": password}).status_code


def test_it_lets_in_with_the_password(mia: Person) -> None:
    assert log_in("mia", PASSWORD) == 302


def test_it_shuts_the_door_after_five_wrong_passwords(mia: Person, olga: Person) -> None:
    assert [log_in("mia", f"guess {number}") for number in range(5)] == [200, 200, 200, 200, 429]
    assert log_in("mia", PASSWORD) == 429
    # Whoever sits elsewhere, and whoever else sits there, is not shut out with the guesser.
    assert log_in("mia", PASSWORD, "192.0.2.2") == 302
    assert log_in("olga", PASSWORD) == 302


def test_it_forgets_wrong_passwords_after_a_right_one(mia: Person) -> None:
    for _ in range(3):
        assert [log_in("mia", "guess") for _ in range(4)] == [200] * 4
        assert log_in("mia", PASSWORD) == 302
