"""The cast, and the ground that tests of all areas stand on."""

import fcntl
import gc
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from agents import keep_telemetry_months, read_settings
from config import background
from experiments import bundle, expose_once, usage
from sentinel import access, revision
from sentinel.access import Access, access_of_person
from sentinel.create_key import create_key
from sentinel.models import Membership, Project
from sentinel.roles import ROLE_PERMISSIONS
from tests.ground.processes import ROOT, assert_nothing_lives, environment

# Property tests look at the same examples each time, and take the time they need.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("steady")
# Without this, they are made with constants out of all of our modules that happen to be loaded by then.
providers._get_local_constants = lambda: providers._local_constants

# Seconds: longer than any test takes that tells days apart, on a slow machine too.
DAYS_END = 60.0

# What a web process does by itself every few seconds is done here when a test says so, and never in the middle of one.
background._started_in = os.getpid()

# The files that take longest, in the order in which they begin: nobody is left alone with one of them at the end. What
# works and what mostly waits take turns.
FIRST = [
    "tests/browser/test_agents.py",
    "tests/experiments/test_kill.py",
    "tests/browser/test_every_page.py",
    "tests/ground/test_up.py",
    "tests/agents/test_kill_while_reporting.py",
    "tests/browser/test_handoffs.py",
    "tests/ground/test_embedded_server.py",
    "tests/api/test_schema.py",
    "tests/browser/test_experiments.py",
    "tests/ground/test_database_url.py",
    "tests/sdk/test_the_wheel.py",
    "tests/api/test_bad_input.py",
    "tests/agents/test_groups.py",
    "tests/experiments/test_flags.py",
    "tests/agents/test_otlp_clients.py",
    "tests/experiments/test_replay_experiments.py",
    "tests/browser/test_clicking.py",
    "tests/ground/test_server_account.py",
    "tests/experiments/test_telling_what_was_seen.py",
    "tests/sdk/test_handoffs_with_the_real_server.py",
    "tests/sdk/test_tracing_queue.py",
    "tests/agents/test_handoff_kill.py",
    "tests/admin/test_an_experiments_page.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(FIRST)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """No test begins as a day ends, nor its transaction, which has a time of its own: what was today, this month or
    yesterday as it began is so until it is over."""
    left = 86_400 - time.time() % 86_400
    if left < DAYS_END:
        time.sleep(left + 0.1)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through all of it for garbage again and again takes time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What a process remembers of the database must not outlive the test that wrote it."""
    yield
    for module in (access, revision, bundle, expose_once, read_settings):
        module.forget()
    keep_telemetry_months.forget_months()
    usage._served.clear()


@pytest.fixture(autouse=True)
def the_same_arms_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who meets which arm is chance to everybody but the tests: a verdict that holds 99 times of 100 is no test."""
    chance = random.Random("arms")
    salts = SimpleNamespace(token_hex=lambda size: chance.randbytes(size).hex())
    monkeypatch.setattr("experiments.draw_salt.secrets", salts)


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was prepared as a first start prepares it, once for all that run tests now; it is not to be used."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home, done = shared / "first-home", shared / "first-home.done"
    with (shared / "first-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            prepare = "import django; django.setup(); from sentinel.prepare import prepare; prepare()"
            variables = {"DJANGO_SETTINGS_MODULE": "config.settings", "ASSAY_DATABASE_DURABLE": "0"}
            prepared = subprocess.run(
                [sys.executable, "-c", prepare],
                env=environment(ASSAY_HOME=str(home), **variables),
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert prepared.returncode == 0, prepared.stderr
            assert_nothing_lives(home)
            done.touch()
    return home


@pytest.fixture
def prepared_home(first_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own in which Assay was prepared before, and does not run."""
    home = tmp_path / "home"
    # Its files belong to the user that the server runs as.
    subprocess.run(["cp", "-a", str(first_home), str(home)], check=True)
    return home


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
