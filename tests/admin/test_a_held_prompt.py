"""A prompt's page while an experiment holds it."""

from django.urls import reverse

from experiments.models import Experiment
from tests.conftest import Person
from tests.experiments.cast import make_experiment


def page_of(person: Person, experiment: Experiment) -> str:
    address = reverse("admin:vault_prompt_change", args=[experiment.prompt_id])
    return person.browser().get(address).content.decode()


def test_it_offers_no_move_of_production_and_says_why(mia: Person) -> None:
    experiment = make_experiment(mia)
    page = page_of(mia, experiment)
    assert "Publish it" not in page
    assert 'aria-label="Version for production"' not in page
    assert "is running on this prompt" in page


def test_it_offers_it_again_once_the_experiment_is_over(mia: Person) -> None:
    experiment = make_experiment(mia)
    Experiment.objects.filter(pk=experiment.pk).update(status="concluded")
    assert "Publish it" in page_of(mia, experiment)


def test_a_refusal_leads_back_to_where_one_came_from(mia: Person) -> None:
    experiment = make_experiment(mia)
    came_from = "http://testserver" + reverse("admin:vault_prompt_change", args=[experiment.prompt_id])
    address = reverse("admin:vault_prompt_move", args=[experiment.prompt_id])
    sent = {"label": "production", "version": "1.1.0"}
    refused = mia.browser().post(address, sent, headers={"Referer": came_from})
    assert refused.status_code == 409
    assert f'href="{came_from}"' in refused.content.decode()
