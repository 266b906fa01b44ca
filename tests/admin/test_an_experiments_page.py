"""What a person sees of an experiment, in each state."""

import pytest

from tests.admin.stage import BETTER, make_draft, make_running, make_stage, page_of
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def shown(person: Person, address: str) -> str:
    page = person.browser().get(address)
    assert page.status_code == 200, page.content.decode()[-2000:]
    return page.content.decode()


def test_it_opens_in_every_state(mia: Person, adam: Person) -> None:
    for name, experiment in make_stage(mia, adam).items():
        assert experiment.name in shown(adam, page_of(experiment)), name
