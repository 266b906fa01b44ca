"""What a person sees of an experiment, and which buttons its state and their role give them."""

import pytest

from experiments.models import Experiment, ExperimentEvent
from tests.admin.stage import BETTER, SAME, WORSE, action_of, make_draft, make_running, page_of
from tests.conftest import Person
from vault.models import Label, VaultSettings

pytestmark = pytest.mark.django_db


def shown(person: Person, address: str) -> str:
    page = person.browser().get(address)
    assert page.status_code == 200
    return page.content.decode()


def done(person: Person, experiment: Experiment, name: str, **sent: str) -> int:
    return person.browser().post(action_of(experiment, name), sent).status_code


def served(experiment: Experiment) -> str:
    return str(Label.objects.get(prompt=experiment.prompt_id, name="production").version)


def status(experiment: Experiment) -> str:
    return Experiment.objects.get(pk=experiment.pk).status


def test_it_says_the_verdict_with_its_reasons_and_draws_the_interval(mia: Person, adam: Person) -> None:
    experiment = make_running(mia, "Better caption", BETTER, looks=4)
    page = shown(adam, page_of(experiment))
    assert page.index("Ship 1.1.0") < page.index("1.1.0 is better than the control") < page.index("Arms side by side")
    assert "probably too high, because we stopped on it" in page
    assert "as-plot-zero" in page
    assert "worth having: +10 %" in page
    assert "the verdict</text>" in page
    assert "planned: 1,500" in page
    assert "more are open still" in page
    assert "decides nothing: a faster version would look like a better one" in page
    assert "is not protected against looking" in page
    assert "as-light-good" in page
    assert "proposed to ship 1.1.0" in page
    assert "Agreed on Monday." in page
    for action in ("promote", "pause", "conclude", "roll_back"):
        assert action_of(experiment, action) in page, action
    for action in ("resume", "approve", "withdraw", "widen"):
        assert action_of(experiment, action) not in page, action


def test_it_ships_with_one_click_and_takes_it_back_with_another(mia: Person) -> None:
    experiment = make_running(mia, "Better caption", BETTER, looks=1)
    assert done(mia, experiment, "promote", arm="1", reason="We want it.") == 302
    assert (served(experiment), status(experiment)) == ("1.1.0", "concluded")
    page = shown(mia, page_of(experiment))
    assert "1.1.0 was shipped" in page
    assert "We want it." in page
    assert "Take the shipping back" in page
    assert done(mia, experiment, "roll_back") == 302
    assert served(experiment) == "1.0.0"
    page = shown(mia, page_of(experiment))
    assert "took the shipping back" in page
    assert "Take the shipping back" not in page


def test_it_has_a_second_person_agree(mia: Person, adam: Person) -> None:
    experiment = make_running(mia, "Better caption", BETTER, mode="approval", looks=1)
    page = shown(mia, page_of(experiment))
    assert "Somebody else than who started it has to agree." in page
    assert action_of(experiment, "approve") not in page
    assert action_of(experiment, "promote") not in page
    assert done(mia, experiment, "approve", action="ship") == 403
    assert "Agree: ship 1.1.0" in shown(adam, page_of(experiment))
    assert done(adam, experiment, "approve", action="roll_back") == 409
    assert served(experiment) == "1.0.0"
    assert done(adam, experiment, "approve", action="ship", reason="Yes.") == 302
    assert served(experiment) == "1.1.0"


def test_it_offers_no_shipping_of_a_protected_label_to_a_member(mia: Person, adam: Person) -> None:
    experiment = make_running(mia, "Better caption", BETTER, looks=1)
    settings = VaultSettings.objects.of(mia.project.pk)
    settings.protected_labels = ["production"]
    settings.save()
    page = shown(mia, page_of(experiment))
    assert "an admin or owner has to do it" in page
    assert action_of(experiment, "promote") not in page
    assert done(mia, experiment, "promote", arm="1") == 403
    assert action_of(experiment, "promote") in shown(adam, page_of(experiment))


def test_it_shows_harm_and_what_was_rolled_back(mia: Person) -> None:
    experiment = make_running(mia, "Worse caption", WORSE, harm=300.0, looks=1)
    page = shown(mia, page_of(experiment))
    assert "1.1.0 harms Response time" in page
    assert "as-light-bad" in page
    assert "Harm: it is worse than allowed" in page
    assert "probably too low, because we stopped on it" in page
    assert done(mia, experiment, "roll_back", reason="Too slow.") == 302
    page = shown(mia, page_of(experiment))
    assert "It was rolled back" in page
    assert "Too slow." in page
    assert action_of(experiment, "roll_back") not in page


def test_it_says_that_it_is_too_early_and_pauses_goes_on_and_widens(mia: Person) -> None:
    steps = [{"coverage": 5000, "minutes": 10**6, "units": 0}, {"coverage": 10_000, "minutes": 0, "units": 0}]
    experiment = make_running(mia, "Early caption", SAME, units=60, ramp=steps, looks=2)
    page = shown(mia, page_of(experiment))
    assert "Too early to say" in page
    assert "of the 100 units" in page
    assert '<polyline class="as-plot-edge"' not in page
    assert "The next step waits for its time" in page
    assert "Widen to 100 %" in page
    assert done(mia, experiment, "pause", reason="A holiday.") == 302
    page = shown(mia, page_of(experiment))
    assert action_of(experiment, "pause") not in page
    assert action_of(experiment, "resume") in page
    assert "A holiday." in page
    assert done(mia, experiment, "resume") == 302
    assert done(mia, experiment, "widen") == 302
    assert Experiment.objects.get(pk=experiment.pk).coverage == 10_000
    assert "widened it to 100 % of units" in shown(mia, page_of(experiment))
    assert done(mia, experiment, "conclude") == 302
    assert "It ended without a shipping" in shown(mia, page_of(experiment))


def test_it_takes_one_of_several_treatments_out(mia: Person) -> None:
    experiment = make_running(mia, "Three captions", (0.3, 0.3, 0.3), units=60, looks=1)
    assert "Take 1.2.0 out" in shown(mia, page_of(experiment))
    assert done(mia, experiment, "withdraw", arm="0") == 422
    assert done(mia, experiment, "withdraw", arm="x") == 422
    assert done(mia, experiment, "withdraw", arm="2") == 302
    page = shown(mia, page_of(experiment))
    assert "took out 1.2.0" in page
    assert action_of(experiment, "withdraw") not in page  # the last treatment


def test_it_escapes_what_people_wrote(mia: Person) -> None:
    draft = make_draft(mia, "Warm caption", hypothesis="<script>alert(1)</script>")
    Experiment.objects.filter(pk=draft.pk).update(name="<img src=x onerror=alert(1)>")
    for address in (page_of(draft), action_of(draft, "edit"), "/admin/experiments/experiment/", "/admin/"):
        page = shown(mia, address)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_it_does_nothing_on_get_and_nothing_for_a_viewer_or_a_stranger(
    mia: Person, vic: Person, stranger: Person
) -> None:
    experiment = make_running(mia, "Early caption", SAME, units=40, looks=1)
    before = ExperimentEvent.objects.count()
    page = shown(vic, page_of(experiment))
    assert "What you can do" not in page
    for name in ("pause", "conclude", "roll_back", "promote", "start", "discard"):
        assert mia.browser().get(action_of(experiment, name)).status_code == 405
        assert done(vic, experiment, name) == 403, name
        assert done(stranger, experiment, name) == 404, name
    assert stranger.browser().get(page_of(experiment)).status_code == 404
    assert stranger.browser().get(action_of(experiment, "edit")).status_code == 404
    assert "Early caption" not in shown(stranger, "/admin/experiments/experiment/")
    assert ExperimentEvent.objects.count() == before
    assert status(experiment) == "running"


def test_it_lists_first_what_needs_a_person(mia: Person) -> None:
    make_draft(mia, "A draft")
    running = make_running(mia, "An early one", SAME, units=40, looks=1)
    waiting = make_running(mia, "A decided one", BETTER, looks=1)
    running_late = make_draft(mia, "Another draft")
    page = shown(mia, "/admin/experiments/experiment/")
    assert page.index(waiting.name) < page.index(running.name) < page.index(running_late.name)
    assert "waits for a person" in page
    overview = shown(mia, "/admin/")
    assert "1 needs a person" in overview
    assert overview.index(waiting.name) < overview.index(running.name)
    prompt_page = shown(mia, f"/admin/vault/prompt/{waiting.prompt_id}/change/")
    assert page_of(waiting) in prompt_page
    assert page_of(running) not in prompt_page
    assert "Try another version" not in prompt_page  # one at a time
