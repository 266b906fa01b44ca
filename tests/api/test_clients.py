"""Clients and their brand voice."""

from typing import Any

from tests.api.calls import CLIENTS, call, make_prompt
from tests.conftest import Person
from vault.models import Client

BRAND: dict[str, Any] = {
    "business_name": "Casa Verde",
    "tagline": "Homes with gardens",
    "vertical": "real_estate",
    "voice": {
        "primary_tone": "warm",
        "secondary_tone": "plain",
        "personality_traits": ["patient"],
        "language_style": "short sentences",
        "emojis_allowed": False,
    },
    "do": ["Name the neighbourhood"],
    "dont": ["Promise a return"],
}


def make(mia: Person, **fields: Any) -> Any:
    answer = call(mia, "POST", CLIENTS, {"name": "Casa Verde"} | fields)
    assert answer.status == 201, answer.body
    return answer.json


def test_it_makes_a_client_with_a_brand_or_without(mia: Person) -> None:
    assert make(mia)["brand_file"] == {}
    assert make(mia, name="second", brand_file=None)["brand_file"] == {}
    made = make(mia, name="third", brand_file=BRAND)
    assert made["brand_file"] == BRAND
    assert call(mia, "GET", f"{CLIENTS}{made['id']}/").json == made


def test_it_lists_by_name(mia: Person, stranger: Person) -> None:
    for name in ("Zwei", "Eins", "Drei"):
        make(mia, name=name)
    make(stranger, name="Not ours")
    names = [row["name"] for row in call(mia, "GET", CLIENTS).json["results"]]
    assert names == ["Drei", "Eins", "Zwei"]
    assert [row["name"] for row in call(mia, "GET", CLIENTS + "?search=EI+z").json["results"]] == ["Zwei"]
    assert call(mia, "GET", CLIENTS + "?ordering=-name").json["results"][0]["name"] == "Zwei"


def test_it_changes_a_voice_and_leaves_the_rest(mia: Person) -> None:
    address = f"{CLIENTS}{make(mia, brand_file=BRAND)['id']}/brand-voice/"
    answer = call(mia, "PATCH", address, {"voice": {"primary_tone": "bold"}, "do": ["Be short"], "tagline": None})
    brand = answer.json["brand_file"]
    assert brand["voice"] == BRAND["voice"] | {"primary_tone": "bold"}
    assert (brand["do"], brand["dont"], "tagline" in brand) == (["Be short"], BRAND["dont"], False)


def test_it_takes_a_voice_for_who_had_none(mia: Person) -> None:
    address = f"{CLIENTS}{make(mia)['id']}/brand-voice/"
    assert call(mia, "PATCH", address, {"voice": {"primary_tone": "warm"}}).status == 422
    assert call(mia, "PATCH", address, BRAND).json["brand_file"] == BRAND
    assert call(mia, "PATCH", address, dict.fromkeys(BRAND)).json["brand_file"] == {}


def test_it_lets_a_prompt_speak_with_the_voice(mia: Person) -> None:
    make_prompt(mia, "Speak {{ brand.voice.primary_tone }} of {{ what }}")
    client = make(mia, brand_file=BRAND)
    request = {"prompt": "greeting", "client_id": client["id"], "variables": {"what": "homes"}}
    assert call(mia, "POST", "/api/v1/resolve", request).json["text"] == "Speak warm of homes"
    call(mia, "PATCH", f"{CLIENTS}{client['id']}/brand-voice/", {"voice": {"primary_tone": "bold"}})
    assert call(mia, "POST", "/api/v1/resolve", request).json["text"] == "Speak bold of homes"
    assert call(mia, "DELETE", f"{CLIENTS}{client['id']}/").status == 204
    answer = call(mia, "POST", "/api/v1/resolve", request)
    assert (answer.status, answer.code) == (404, "unknown_client")


def test_it_takes_a_client_out_of_service_and_back(mia: Person) -> None:
    client = make(mia)
    address = f"{CLIENTS}{client['id']}/"
    assert call(mia, "DELETE", address).status == 204
    assert call(mia, "GET", CLIENTS).json["count"] == 0
    assert call(mia, "GET", CLIENTS + "?is_active=false").json["count"] == 1
    assert call(mia, "PATCH", address, {"is_active": True}).json["is_active"] is True
    assert Client.objects.count() == 1
