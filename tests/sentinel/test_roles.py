"""Who may do what: roles for people, permissions for keys, protected labels."""

import pytest

from tests.api.calls import CAPTION, CLIENTS, VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.models import Client, LabelMove, Prompt, VaultSettings

READER = ["prompts.read", "experiments.read", "agents.read", "sentinel.read"]
WRITER = ["prompts.read", "prompts.write", "experiments.read", "experiments.write", "agents.read", "agents.write"]
HELD = {
    "vic": set(READER),
    "mia": {*WRITER, "sentinel.read"},
    "adam": {*WRITER, "sentinel.read", "sentinel.run", "keys.manage"},
    "olga": {*WRITER, "sentinel.read", "sentinel.run", "keys.manage", "members.manage"},
}


@pytest.mark.parametrize("name", list(HELD))
def test_it_gives_each_role_its_permissions(name: str, request: pytest.FixtureRequest) -> None:
    person: Person = request.getfixturevalue(name)
    for caller in (person, person.browser()):
        assert set(call(caller, "GET", "/api/v1/access").json["permissions"]) == HELD[name]


def test_it_lets_a_viewer_read_and_change_nothing(vic: Person, mia: Person) -> None:
    prompt = make_prompt(mia)
    client = Client.objects.create(project=mia.project, name="Casa")
    reads = [VAULT, at(prompt), at(prompt, "versions/"), at(prompt, "labels/"), at(prompt, "history/")]
    reads += [VAULT + "stats/summary/", VAULT + "top/food/", CLIENTS, f"{CLIENTS}{client.pk}/", "/api/v1/bundle"]
    for path in reads:
        assert call(vic, "GET", path).status == 200, path
    variables = {"name": "Ann"}
    assert call(vic, "POST", "/api/v1/resolve", {"prompt": "greeting", "variables": variables}).status == 200
    writes = [
        ("POST", VAULT, CAPTION),
        ("PATCH", at(prompt), {"content": "x"}),
        ("DELETE", at(prompt), None),
        ("POST", at(prompt, "performance/"), {"engagement_rate": 1}),
        ("POST", at(prompt, "versions/"), {"content": "x"}),
        ("PUT", at(prompt, "labels/staging/"), {"version": "1.0.0"}),
        ("DELETE", at(prompt, "labels/production/"), None),
        ("POST", at(prompt, "labels/production/take-back/"), None),
        ("POST", CLIENTS, {"name": "x"}),
        ("PATCH", f"{CLIENTS}{client.pk}/", {"name": "x"}),
        ("PATCH", f"{CLIENTS}{client.pk}/brand-voice/", {"do": ["a"], "dont": ["b"]}),
        ("DELETE", f"{CLIENTS}{client.pk}/", None),
        ("POST", "/api/v1/engagement", {"items": [{"prompt_id": str(prompt.pk), "engagement_rate": 1}]}),
    ]
    for method, path, body in writes:
        for caller in (vic, vic.browser()):
            answer = call(caller, method, path, body)
            assert (answer.status, answer.code) == (403, "permission_denied"), (method, path)
    prompt.refresh_from_db()
    client.refresh_from_db()
    assert (Prompt.objects.count(), prompt.is_active, prompt.reports, prompt.versions.count()) == (1, True, 0, 1)
    assert (client.name, client.is_active, client.brand_file) == ("Casa", True, {})
    assert LabelMove.objects.count() == 1


def test_it_lets_only_an_admin_move_a_protected_label(mia: Person, adam: Person) -> None:
    prompt = make_prompt(mia)
    call(mia, "PATCH", at(prompt), {"content": "Good day {{ name }}"})
    VaultSettings.objects.update_or_create(project=mia.project, defaults={"protected_labels": ["production"]})
    label = at(prompt, "labels/production/")
    tries = [
        ("PUT", label, {"version": "1.1.0"}),
        ("DELETE", label, None),
        ("POST", label + "take-back/", None),
        ("PATCH", at(prompt), {"publish": True}),
        ("PATCH", at(prompt), {"content": "Hey {{ name }}", "publish": True}),
        ("POST", at(prompt, "versions/"), {"content": "Hey {{ name }}", "publish": True}),
        ("POST", VAULT, CAPTION),
    ]
    for method, path, body in tries:
        answer = call(mia, method, path, body)
        assert (answer.status, answer.code) == (403, "label_protected"), (method, path)
    assert (Prompt.objects.count(), prompt.versions.count(), LabelMove.objects.count()) == (1, 2, 1)
    assert call(mia, "PUT", at(prompt, "labels/staging/"), {"version": "1.1.0"}).status == 200
    assert call(mia, "POST", VAULT, CAPTION | {"publish": False}).status == 201
    assert call(adam, "PUT", label, {"version": "1.1.0"}).status == 200
