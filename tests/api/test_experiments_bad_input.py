"""Whatever is wrong with what is sent of experiments: a 4xx with code and pointer, nothing changed, no traceback."""

import json
import logging
from typing import Any
from uuid import uuid4

import pytest

from experiments.models import Experiment, Metric
from tests.api.calls import call, make_prompt
from tests.api.test_bad_input import rows
from tests.api.trials import EXPERIMENTS, METRICS, a_draft, draft, make_subject, start
from tests.conftest import Person

POWER = "/api/v1/power"
E = EXPERIMENTS
DRAFT, RUNNING, PAUSED, OVER = (f"{E}${name}/" for name in ("draft", "running", "paused", "over"))
THREE = f"{E}$three/"
OWN = f"{METRICS}$own/"
BUILT_IN = f"{METRICS}$built_in/"
MEASURED = f"{METRICS}$measured/"
METRIC = {"slug": "sign_up", "name": "Sign-up", "kind": "mean"}
PLAN = {"metric": "click_through", "smallest_effect": 0.1, "baseline": {"mean": 0.1}}
STEP = {"coverage": 100, "minutes": 1, "units": 1}


class Ground:
    """Experiments in every state, and a stranger's things, all there before the bad request."""

    def __init__(self, mia: Person, stranger: Person) -> None:
        self.prompt = make_subject(mia)
        other = make_subject(mia, name="other", category="c1")
        theirs = make_subject(stranger, name="wood")
        call(mia, "POST", METRICS, METRIC | {"slug": "own", "kind": "conversion"})
        call(mia, "POST", METRICS, METRIC | {"slug": "measured"})
        running = start(mia, other, name="runs", primary_metric="measured")
        paused = start(mia, make_subject(mia, name="paused", category="c2"))
        call(mia, "POST", paused + "pause/")
        over = start(mia, make_subject(mia, name="over", category="c3"))
        call(mia, "POST", over + "conclude/")
        shares = [
            {"version": number, "share": share} for number, share in (("1.0.0", 4000), ("1.1.0", 3000), ("1.2.0", 3000))
        ]
        three = start(mia, make_subject(mia, versions=3, name="three", category="c4"), arms=shares)
        self.names = {
            "$draft": id_in(draft(mia, self.prompt)),
            "$running": id_in(running),
            "$paused": id_in(paused),
            "$over": id_in(over),
            "$three": id_in(three),
            "$strangers_draft": id_in(draft(stranger, theirs)),
            "$strangers_prompt": theirs.pk,
            "$strangers_version": theirs.versions.get(number="1.0.0").pk,
            "$strangers_metric": Metric.objects.get(project=stranger.project, slug="engagement").pk,
            "$unpublished": make_prompt(mia, name="unpublished", category="c5", publish=False).pk,
            "$beside": make_subject(mia, name="beside", category="c1").pk,
            "$other_version": other.versions.get(number="1.1.0").pk,
            "$prompt": self.prompt.pk,
            "$own": Metric.objects.get(project=mia.project, slug="own").pk,
            "$measured": Metric.objects.get(project=mia.project, slug="measured").pk,
            "$built_in": Metric.objects.get(project=mia.project, slug="click_through").pk,
            "$id": uuid4(),
        }

    def named(self, text: str) -> str:
        """`text` with the names of what is here filled in."""
        for name, value in self.names.items():
            text = text.replace(name, str(value))
        return text


def id_in(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def sends(**changes: Any) -> tuple[str, str, dict[str, Any]]:
    """A new draft that is right but for these."""
    return ("POST", E, {"$body": "draft"} | changes)


def arms(*sides: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"version": version, "share": share} for version, share in sides]


def half(version: Any) -> list[dict[str, Any]]:
    return arms(("production", 5000), (version, 5000))


# (what is wrong, request, status, code, first pointer or None for one that points nowhere)
TABLE: list[tuple[str, tuple[str, str, Any], int, str, str | None]] = [
    # Drafts: the fields.
    ("no JSON", ("POST", E, b"x"), 400, "invalid_json", None),
    ("nothing", ("POST", E, {}), 422, "invalid", "/name"),
    ("a list", ("POST", E, []), 422, "invalid", ""),
    ("an unknown field", sends(colour="red"), 422, "invalid", "/colour"),
    ("a status", sends(status="running"), 422, "invalid", "/status"),
    ("a coverage", sends(coverage=10_000), 422, "invalid", "/coverage"),
    ("a salt", sends(salt="x"), 422, "invalid", "/salt"),
    ("an empty name", sends(name=" "), 422, "invalid", "/name"),
    ("a name of 201 characters", sends(name="x" * 201), 422, "invalid", "/name"),
    ("a name that is a number", sends(name=1), 422, "invalid", "/name"),
    ("NUL in the name", sends(name="a\0"), 422, "unstorable_value", "/name"),
    ("a long hypothesis", sends(hypothesis="x" * 10_001), 422, "invalid", "/hypothesis"),
    ("a prompt that is no id", sends(prompt="greeting"), 422, "invalid", "/prompt"),
    ("no prompt", sends(prompt=None), 422, "invalid", "/prompt"),
    ("an unknown prompt", sends(prompt="$id"), 404, "not_found", "/prompt"),
    ("a stranger's prompt", sends(prompt="$strangers_prompt"), 404, "not_found", "/prompt"),
    ("an unknown metric", sends(primary_metric="nix"), 404, "unknown_metric", "/primary_metric"),
    ("an unknown metric's id", sends(primary_metric="$id"), 404, "unknown_metric", "/primary_metric"),
    ("a stranger's metric", sends(primary_metric="$strangers_metric"), 404, "unknown_metric", "/primary_metric"),
    ("a metric that is a number", sends(primary_metric=1), 422, "invalid", "/primary_metric"),
    ("an unknown mode", sends(mode="yolo"), 422, "invalid", "/mode"),
    ("a significance of 1", sends(significance=1), 422, "invalid", "/significance"),
    ("a significance of 0", sends(significance=0), 422, "invalid", "/significance"),
    ("a significance in words", sends(significance="0.05"), 422, "invalid", "/significance"),
    ("a significance of true", sends(significance=True), 422, "invalid", "/significance"),
    ("no effect", sends(smallest_effect=0), 422, "invalid", "/smallest_effect"),
    ("a negative effect", sends(smallest_effect=-0.1), 422, "invalid", "/smallest_effect"),
    ("an effect of null", sends(smallest_effect=None), 422, "invalid", "/smallest_effect"),
    ("a sample of 99", sends(min_sample_size=99), 422, "invalid", "/min_sample_size"),
    ("half a unit", sends(min_sample_size=100.5), 422, "invalid", "/min_sample_size"),
    ("a sample of 2^31", sends(min_sample_size=2**31), 422, "invalid", "/min_sample_size"),
    ("no days", sends(max_duration_days=0), 422, "invalid", "/max_duration_days"),
    ("more than a year", sends(max_duration_days=366), 422, "invalid", "/max_duration_days"),
    ("a holdback of most", sends(holdback=5001), 422, "invalid", "/holdback"),
    # Arms.
    ("arms that are an object", sends(arms={}), 422, "invalid", "/arms"),
    ("an arm that is a string", sends(arms=["1.0.0"]), 422, "invalid", "/arms/0"),
    ("an arm without a share", sends(arms=[{"version": "1.0.0"}]), 422, "invalid", "/arms/0/share"),
    ("an arm with more", sends(arms=[{"version": "a", "share": 1, "x": 1}]), 422, "invalid", "/arms/0/x"),
    ("a share of 0", sends(arms=arms(("production", 10_000), ("latest", 0))), 422, "invalid", "/arms/1/share"),
    ("a negative share", sends(arms=arms(("production", -1))), 422, "invalid", "/arms/0/share"),
    ("a share above the whole", sends(arms=arms(("production", 10_001))), 422, "invalid", "/arms/0/share"),
    ("half a share", sends(arms=arms(("production", 0.5))), 422, "invalid", "/arms/0/share"),
    ("shares below the whole", sends(arms=arms(("1.0.0", 5000), ("1.1.0", 4999))), 422, "invalid", "/arms"),
    ("shares above the whole", sends(arms=arms(("1.0.0", 5000), ("1.1.0", 5001))), 422, "invalid", "/arms"),
    ("an arm twice", sends(arms=half("1.0.0")), 422, "invalid", "/arms/1/version"),
    ("an unknown version", sends(arms=half("9.9.9")), 404, "unknown_version", "/arms/1/version"),
    (
        "a version of another prompt",
        sends(arms=half("$other_version")),
        404,
        "version_of_another_prompt",
        "/arms/1/version",
    ),
    ("a stranger's version", sends(arms=half("$strangers_version")), 404, "unknown_version", "/arms/1/version"),
    ("a version that is a number", sends(arms=half(1)), 422, "invalid", "/arms/1/version"),
    ("eleven arms", sends(arms=half("latest") * 6), 422, "invalid", "/arms"),
    # Guardrails, secondaries, ramp.
    ("a guardrail without its metric", sends(guardrails=[{"margin": 0}]), 422, "invalid", "/guardrails/0/metric"),
    ("an unknown guardrail", sends(guardrails=[{"metric": "nix"}]), 404, "unknown_metric", "/guardrails/0/metric"),
    (
        "a stranger's guardrail",
        sends(guardrails=[{"metric": "error_rate"}, {"metric": "$strangers_metric"}]),
        404,
        "unknown_metric",
        "/guardrails/1/metric",
    ),
    (
        "a guardrail twice",
        sends(guardrails=[{"metric": "error_rate"}, {"metric": "error_rate"}]),
        422,
        "invalid",
        "/guardrails/1/metric",
    ),
    (
        "a negative margin",
        sends(guardrails=[{"metric": "error_rate", "margin": -0.1}]),
        422,
        "invalid",
        "/guardrails/0/margin",
    ),
    (
        "an unknown secondary",
        sends(secondary_metrics=["engagement", "nix"]),
        404,
        "unknown_metric",
        "/secondary_metrics/1",
    ),
    (
        "a stranger's secondary",
        sends(secondary_metrics=["$strangers_metric"]),
        404,
        "unknown_metric",
        "/secondary_metrics/0",
    ),
    ("a secondary that is a number", sends(secondary_metrics=[1]), 422, "invalid", "/secondary_metrics/0"),
    ("a ramp that is a number", sends(ramp=5), 422, "invalid", "/ramp"),
    ("a ramp of numbers", sends(ramp=[500]), 422, "invalid", "/ramp/0"),
    ("a ramp's step without units", sends(ramp=[{"coverage": 1, "minutes": 1}]), 422, "invalid", "/ramp/0/units"),
    ("a ramp's step of nobody", sends(ramp=[STEP | {"coverage": 0}]), 422, "invalid", "/ramp/0/coverage"),
    ("a ramp's step of more than all", sends(ramp=[STEP | {"coverage": 10_001}]), 422, "invalid", "/ramp/0/coverage"),
    ("a ramp's step of negative minutes", sends(ramp=[STEP | {"minutes": -1}]), 422, "invalid", "/ramp/0/minutes"),
    ("a ramp of 21 steps", sends(ramp=[STEP] * 21), 422, "invalid", "/ramp"),
    # Changes.
    ("half an arm in a change", ("PATCH", DRAFT, {"arms": [{"version": "1.0.0"}]}), 422, "invalid", "/arms/0/share"),
    ("half a guardrail in a change", ("PATCH", DRAFT, {"guardrails": [{}]}), 422, "invalid", "/guardrails/0/metric"),
    ("half a step in a change", ("PATCH", DRAFT, {"ramp": [{"coverage": 1}]}), 422, "invalid", "/ramp/0/minutes"),
    ("a stranger's prompt in a change", ("PATCH", DRAFT, {"prompt": "$strangers_prompt"}), 404, "not_found", "/prompt"),
    (
        "a version of another prompt in a change",
        ("PATCH", DRAFT, {"arms": half("$other_version")}),
        404,
        "version_of_another_prompt",
        "/arms/1/version",
    ),
    ("a change of shares while it runs", ("PATCH", RUNNING, {"arms": half("1.1.0")}), 409, "wrong_status", None),
    ("a change once it is over", ("PATCH", OVER, {"name": "x"}), 409, "wrong_status", None),
    ("a change of what is not there", ("PATCH", f"{E}$id/", {"name": "x"}), 404, "not_found", None),
    ("a change of a stranger's draft", ("PATCH", f"{E}$strangers_draft/", {"name": "x"}), 404, "not_found", None),
    ("a delete of what runs", ("DELETE", RUNNING, None), 409, "wrong_status", None),
    ("a delete of what is over", ("DELETE", OVER, None), 409, "wrong_status", None),
    ("a PUT", ("PUT", DRAFT, {}), 405, "method_not_allowed", None),
    # Actions.
    ("a start of what runs", ("POST", RUNNING + "start/", {"planned_units": 9}), 409, "wrong_status", None),
    ("a start of what is over", ("POST", OVER + "start/", {"planned_units": 9}), 409, "wrong_status", None),
    ("a start of a stranger's", ("POST", f"{E}$strangers_draft/start/", {"planned_units": 9}), 404, "not_found", None),
    ("a start of nothing known", ("POST", DRAFT + "start/", None), 422, "baseline_unknown", "/baseline"),
    ("a start with no units", ("POST", DRAFT + "start/", {"planned_units": 0}), 422, "invalid", "/planned_units"),
    ("a start with 2^31 units", ("POST", DRAFT + "start/", {"planned_units": 2**31}), 422, "invalid", "/planned_units"),
    ("a start with half a unit", ("POST", DRAFT + "start/", {"planned_units": 1.5}), 422, "invalid", "/planned_units"),
    ("a start with more", ("POST", DRAFT + "start/", {"salt": "x"}), 422, "invalid", "/salt"),
    ("a baseline of nothing", ("POST", DRAFT + "start/", {"baseline": {}}), 422, "invalid", "/baseline/mean"),
    (
        "a baseline of 0",
        ("POST", DRAFT + "start/", {"baseline": {"mean": 0}}),
        422,
        "invalid_baseline",
        "/baseline/mean",
    ),
    (
        "a conversion of 1",
        ("POST", DRAFT + "start/", {"baseline": {"mean": 1}}),
        422,
        "invalid_baseline",
        "/baseline/mean",
    ),
    (
        "a conversion of next to nothing",
        ("POST", DRAFT + "start/", {"baseline": {"mean": 1e-300}}),
        422,
        "effect_impossible",
        "/smallest_effect",
    ),
    (
        "a conversion beyond all",
        ("POST", DRAFT + "start/", {"baseline": {"mean": 0.9999}}),
        422,
        "effect_impossible",
        "/smallest_effect",
    ),
    ("a long reason", ("POST", RUNNING + "pause/", {"reason": "x" * 1001}), 422, "invalid", "/reason"),
    ("a reason that is a number", ("POST", RUNNING + "pause/", {"reason": 1}), 422, "invalid", "/reason"),
    ("a pause of a draft", ("POST", DRAFT + "pause/", None), 409, "wrong_status", None),
    ("a pause of what is paused", ("POST", PAUSED + "pause/", None), 409, "wrong_status", None),
    ("a resume of what runs", ("POST", RUNNING + "resume/", None), 409, "wrong_status", None),
    ("a conclusion of a draft", ("POST", DRAFT + "conclude/", None), 409, "wrong_status", None),
    ("a second conclusion", ("POST", OVER + "conclude/", None), 409, "wrong_status", None),
    ("a shipping of a draft", ("POST", DRAFT + "promote/", None), 409, "wrong_status", None),
    ("a shipping of what is over", ("POST", OVER + "promote/", {"arm": 1}), 409, "wrong_status", None),
    ("a shipping of the control", ("POST", RUNNING + "promote/", {"arm": 0}), 422, "invalid_arm", "/arm"),
    ("a shipping of no arm", ("POST", RUNNING + "promote/", {"arm": 7}), 422, "invalid_arm", "/arm"),
    ("a shipping of one of two", ("POST", THREE + "promote/", None), 422, "required", "/arm"),
    ("a shipping of arm -1", ("POST", RUNNING + "promote/", {"arm": -1}), 422, "invalid", "/arm"),
    ('a shipping of arm "1"', ("POST", RUNNING + "promote/", {"arm": "1"}), 422, "invalid", "/arm"),
    ("a roll-back of a draft", ("POST", DRAFT + "roll-back/", None), 409, "wrong_status", None),
    ("a roll-back of nothing", ("POST", OVER + "roll-back/", None), 409, "nothing_to_roll_back", None),
    ("an approval in vain", ("POST", RUNNING + "approve/", None), 409, "nothing_to_approve", None),
    ("an approval of what is none", ("POST", RUNNING + "approve/", {"action": "yes"}), 422, "invalid", "/action"),
    ("a step that is not there", ("POST", f"{E}$id/widen/", None), 404, "not_found", None),
    ("a wider draft", ("POST", DRAFT + "widen/", None), 409, "wrong_status", None),
    ("a withdrawal of the last", ("POST", RUNNING + "withdraw/", {"arm": 1}), 422, "invalid_arm", "/arm"),
    ("a withdrawal of the control", ("POST", THREE + "withdraw/", {"arm": 0}), 422, "invalid_arm", "/arm"),
    ("a withdrawal of nothing", ("POST", THREE + "withdraw/", {}), 422, "invalid", "/arm"),
    ("an action of one's own", ("POST", RUNNING + "explode/", None), 404, "not_found", None),
    ("an action by GET", ("GET", RUNNING + "start/", None), 405, "method_not_allowed", None),
    # Query strings.
    ("a status that is none", ("GET", E + "?status=dead", None), 400, "invalid_parameter", "/query/status"),
    ("a prompt that is no id in a query", ("GET", E + "?prompt=x", None), 400, "invalid_parameter", "/query/prompt"),
    ("an unknown parameter", ("GET", E + "?name=x", None), 400, "invalid_parameter", "/query/name"),
    ("a parameter of results", ("GET", RUNNING + "results/?x=1", None), 400, "invalid_parameter", "/query/x"),
    ("a parameter of the timeline", ("GET", RUNNING + "timeline/?x=1", None), 400, "invalid_parameter", "/query/x"),
    ("a page beyond the last", ("GET", RUNNING + "timeline/?page=99", None), 404, "not_found", None),
    ("a kind that is none", ("GET", METRICS + "?kind=x", None), 400, "invalid_parameter", "/query/kind"),
    ("an id that is none", ("GET", E + "5/", None), 404, "not_found", None),
    # Metrics.
    ("a metric of nothing", ("POST", METRICS, {}), 422, "invalid", "/slug"),
    ("a slug with a space", ("POST", METRICS, METRIC | {"slug": "a b"}), 422, "invalid", "/slug"),
    ("a slug in capitals", ("POST", METRICS, METRIC | {"slug": "Ab"}), 422, "invalid", "/slug"),
    ("a slug of 51 letters", ("POST", METRICS, METRIC | {"slug": "a" * 51}), 422, "invalid", "/slug"),
    ("a slug taken", ("POST", METRICS, METRIC | {"slug": "own"}), 409, "slug_taken", "/slug"),
    ("a slug of every project", ("POST", METRICS, METRIC | {"slug": "engagement"}), 409, "slug_taken", "/slug"),
    ("a kind of one's own", ("POST", METRICS, METRIC | {"kind": "median"}), 422, "invalid", "/kind"),
    ("a direction sideways", ("POST", METRICS, METRIC | {"direction": "left"}), 422, "invalid", "/direction"),
    ("a long measure", ("POST", METRICS, METRIC | {"measure": "x" * 21}), 422, "invalid", "/measure"),
    ("a negative window", ("POST", METRICS, METRIC | {"window_minutes": -1}), 422, "invalid", "/window_minutes"),
    ("an endless window", ("POST", METRICS, METRIC | {"window_minutes": 1e300}), 422, "invalid", "/window_minutes"),
    ("a cap of 0", ("POST", METRICS, METRIC | {"cap_at": 0}), 422, "invalid", "/cap_at"),
    ("a cap in words", ("POST", METRICS, METRIC | {"cap_at": "5"}), 422, "invalid", "/cap_at"),
    ("a percentile of 100", ("POST", METRICS, METRIC | {"cap_percentile": 1}), 422, "invalid", "/cap_percentile"),
    ("two caps", ("POST", METRICS, METRIC | {"cap_at": 5, "cap_percentile": 0.99}), 422, "invalid", "/cap_percentile"),
    ("a capped conversion", ("POST", METRICS, METRIC | {"kind": "conversion", "cap_at": 5}), 422, "invalid", "/cap_at"),
    ("a metric of another project", ("POST", METRICS, METRIC | {"project": "$id"}), 422, "invalid", "/project"),
    ("another slug of what every project has", ("PATCH", BUILT_IN, {"slug": "clicks"}), 409, "built_in", "/slug"),
    ("another kind of what every project has", ("PATCH", BUILT_IN, {"kind": "mean"}), 409, "built_in", "/kind"),
    ("another direction of it", ("PATCH", BUILT_IN, {"direction": "down"}), 409, "built_in", "/direction"),
    (
        "another window while it is measured",
        ("PATCH", MEASURED, {"window_minutes": 5}),
        409,
        "metric_in_use",
        "/window_minutes",
    ),
    ("another cap while it is measured", ("PATCH", MEASURED, {"cap_at": 5}), 409, "metric_in_use", "/cap_at"),
    ("another slug once it is measured", ("PATCH", MEASURED, {"slug": "x"}), 409, "metric_in_use", "/slug"),
    ("another slug that is taken", ("PATCH", OWN, {"slug": "engagement"}), 409, "slug_taken", "/slug"),
    ("a cap of one's conversion", ("PATCH", OWN, {"cap_at": 5}), 422, "invalid", "/cap_at"),
    ("a stranger's metric's name", ("PATCH", f"{METRICS}$strangers_metric/", {"name": "x"}), 404, "not_found", None),
    ("a delete of a metric", ("DELETE", OWN, None), 405, "method_not_allowed", None),
    # The planner.
    ("a plan of nothing", ("POST", POWER, {}), 422, "invalid", "/metric"),
    ("a plan of no question", ("POST", POWER, {"metric": "click_through"}), 422, "required", "/smallest_effect"),
    ("a plan of two questions", ("POST", POWER, PLAN | {"units": 1000}), 422, "required", "/smallest_effect"),
    ("a plan of nothing known", ("POST", POWER, PLAN | {"baseline": None}), 422, "baseline_unknown", "/baseline"),
    ("a plan of an unknown metric", ("POST", POWER, PLAN | {"metric": "nix"}), 404, "unknown_metric", "/metric"),
    (
        "a plan of a stranger's",
        ("POST", POWER, PLAN | {"metric": "$strangers_metric"}),
        404,
        "unknown_metric",
        "/metric",
    ),
    (
        "a plan of a stranger's prompt",
        ("POST", POWER, PLAN | {"prompt": "$strangers_prompt"}),
        404,
        "not_found",
        "/prompt",
    ),
    ("a plan of one arm", ("POST", POWER, PLAN | {"shares": [1]}), 422, "invalid", "/shares"),
    ("a plan of a share of 0", ("POST", POWER, PLAN | {"shares": [1, 0]}), 422, "invalid", "/shares/1"),
    ("a plan of certainty", ("POST", POWER, PLAN | {"power": 1}), 422, "invalid", "/power"),
    ("a plan of no traffic", ("POST", POWER, PLAN | {"units_per_day": 0}), 422, "invalid", "/units_per_day"),
    (
        "a mean without deviation",
        ("POST", POWER, PLAN | {"metric": "accuracy"}),
        422,
        "invalid_baseline",
        "/baseline/deviation",
    ),
    (
        "a deviation of 0",
        ("POST", POWER, PLAN | {"metric": "accuracy", "baseline": {"mean": 1, "deviation": 0}}),
        422,
        "invalid_baseline",
        "/baseline/deviation",
    ),
    (
        "a deviation beyond doubles",
        ("POST", POWER, PLAN | {"metric": "accuracy", "baseline": {"mean": 1e-300, "deviation": 1e300}}),
        422,
        "effect_impossible",
        "/smallest_effect",
    ),
    (
        "an effect of what cannot be squared",
        (
            "POST",
            POWER,
            {"metric": "accuracy", "units": 2**31 - 1, "baseline": {"mean": 1e-300, "deviation": 1e300}},
        ),
        422,
        "invalid_baseline",
        "/baseline",
    ),
]


@pytest.fixture
def ground(mia: Person, stranger: Person) -> Ground:
    return Ground(mia, stranger)


def whole(body: Any, ground: Ground) -> Any:
    """The body as it is sent: what it names filled in, and all that it does not speak of is right."""
    if not isinstance(body, dict):
        return body
    named: dict[str, Any] = json.loads(ground.named(json.dumps(body)))
    return a_draft(ground.prompt) | named if named.pop("$body", None) else named


def everything() -> list[Any]:
    return [rows(), list(Experiment.objects.order_by("pk").values()), list(Metric.objects.order_by("pk").values())]


def test_it_refuses(mia: Person, ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    """All on the same ground, which none of them changes."""
    before = everything()
    wrong: dict[str, Any] = {}
    for name, (method, path, body), *expected in TABLE:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            answer = call(mia, method, ground.named(path), whole(body, ground))
        given: list[Any] = [answer.status, answer.json.get("code"), (answer.pointers or [None])[0]]
        if expected[2] is None:
            given[2] = None
        errors = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
        if given != expected or errors or everything() != before:
            wrong[name] = answer.status, answer.body[:500], errors
            before = everything()
    assert wrong == {}


def test_the_table_names_each_case_once() -> None:
    assert len({row[0] for row in TABLE}) == len(TABLE)
