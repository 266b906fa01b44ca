"""The cast, and the ground that tests of all areas stand on."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, settings

from agents import keep_telemetry_months, read_settings
from experiments import bundle, expose_once, usage
from sentinel import access, revision
from sentinel.access import Access, access_of_person
from sentinel.create_key import create_key
from sentinel.models import Membership, Project
from sentinel.roles import ROLE_PERMISSIONS

# Property tests look at the same examples each time, and take the time they need.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What a process remembers of the database must not outlive the test that wrote it."""
    yield
    for module in (access, revision, bundle, expose_once, read_settings):
        module.forget()
    keep_telemetry_months.forget_months()
    usage._served.clear()


@dataclass(frozen=True)
class Person:
    """Somebody with a role in one project, a session, and a key that carries all that the role may."""

    user: User
    project: Project
    access: Access
    key: str

    def http(self) -> Client:
        """Calls as a program, with the key."""
        return Client(headers={"Authorization": f"Bearer {self.key}"})

    def browser(self) -> Client:
        """Calls as a person who has logged in."""
        client = Client()
        client.force_login(self.user, "django.contrib.auth.backends.ModelBackend")
        return client


def make_project(slug: str) -> Project:
    return Project.objects.create(slug=slug, name=slug.title())


def make_person(name: str, project: Project, role: str) -> Person:
    user = User.objects.create_user(name, password="correct-horse-battery", is_staff=True)
    Membership.objects.create(user=user, project=project, role=role)
    _, key = create_key(project=project, made_by=user, permissions=ROLE_PERMISSIONS[role], name=f"{name}'s")
    return Person(user, project, access_of_person(user, project.slug), key)


@pytest.fixture
def bakery(db: None) -> Project:
    return make_project("bakery")


@pytest.fixture
def olga(bakery: Project) -> Person:
    """The bakery's owner."""
    return make_person("olga", bakery, "owner")


@pytest.fixture
def adam(bakery: Project) -> Person:
    """The bakery's admin."""
    return make_person("adam", bakery, "admin")


@pytest.fixture
def mia(bakery: Project) -> Person:
    """A member of the bakery."""
    return make_person("mia", bakery, "member")


@pytest.fixture
def vic(bakery: Project) -> Person:
    """A viewer of the bakery."""
    return make_person("vic", bakery, "viewer")


@pytest.fixture
def stranger(db: None) -> Person:
    """The owner of another project, who sees nothing of the bakery."""
    return make_person("sven", make_project("sawmill"), "owner")
