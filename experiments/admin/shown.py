"""This file lets results be shown: from their JSON to what a page says and draws. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from experiments.stats.reasons import percent

LIGHTS = {
    "crossed": ("bad", "harm: it is worse than allowed"),
    "sound": ("good", "no harm seen"),
    "too_early": ("wait", "too early to say"),
}
WAITS = {
    "paused": "to be let go on",
    "time": "its time",
    "units": "enough units",
    "guardrails_or_split": "guardrails and split to be read and sound",
    "verdict": "what becomes of the verdict",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval in words, relative where that is known, and its places in a strip of 0 to 100 around zero."""

    low: str
    high: str
    estimate: str
    is_relative: bool
    left: float
    width: float
    zero: float
    middle: float | None
    tone: str


def value(number: float | None, metric: dict[str, Any]) -> str:
    """A mean as people read it: a percentage where it is a share, else with its measure."""
    if number is None:
        return "–"
    if metric["kind"] == "conversion" or (metric["kind"] == "ratio" and not metric["measure"] and abs(number) <= 1):
        return f"{number * 100:.3g} %"
    return f"{number:,.4g} {metric['measure']}".strip()


def interval_of(comparison: dict[str, Any], metric: dict[str, Any]) -> Interval | None:
    """The interval of a comparison; None while it is too early for one."""
    is_relative = comparison["lift_interval"] is not None
    found = comparison["lift_interval"] or comparison["interval"]
    if found is None:
        return None
    low, high = found
    middle = comparison["lift"] if is_relative else comparison["difference"]
    say = _relative if is_relative else _absolute
    reach = max(abs(low), abs(high), 1e-12) * 1.1
    return Interval(
        low=say(low, metric),
        high=say(high, metric),
        estimate="–" if middle is None else say(middle, metric),
        is_relative=is_relative,
        left=round(50 + 50 * low / reach, 1),
        width=round(50 * (high - low) / reach, 1),
        zero=50.0,
        middle=None if middle is None or abs(middle) > reach else round(50 + 50 * middle / reach, 1),
        tone=_tone(low, high, more_is_better=metric["more_is_better"]),
    )


def scale(metric: dict[str, Any], *, relative: bool) -> Callable[[float], str]:
    """How values along a chart are said."""
    return lambda number: (_relative if relative else _absolute)(number, metric)


def p_value(p: float | None) -> str:
    """As people read it: what is below 0.001 is said to be so."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _tone(low: float, high: float, *, more_is_better: bool) -> str:
    if low <= 0 <= high:
        return "open"
    return "good" if (low > 0) == more_is_better else "bad"


def _relative(share: float, metric: dict[str, Any]) -> str:
    return percent(share, signed=True)


def _absolute(number: float, metric: dict[str, Any]) -> str:
    said = value(abs(number), metric)
    return f"{'−' if number < 0 else '+'}{said}"


def treatments(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each treatment against the control in the primary metric, with its own verdict."""
    metric = results["primary"]["metric"]
    decided = {each["arm"]: each for each in results["verdict"]["treatments"]}
    found = []
    for comparison in results["primary"]["comparisons"]:
        verdict = decided[comparison["arm"]]
        lift = comparison["lift"] if comparison["lift"] is not None else comparison["difference"]
        smallest = min(comparison["control"]["units"], comparison["treated"]["units"])
        found.append(
            {
                "arm": comparison["arm"],
                "name": comparison["treatment"],
                "outcome": verdict["outcome"],
                "reasons": verdict["reasons"],
                "interval": interval_of(comparison, metric),
                "p": p_value(comparison["p"]),
                "too_early": comparison["too_early"],
                "needed": comparison["needed"],
                "smallest": smallest,
                "stopped_on": verdict["outcome"] in ("ship", "roll_back") and not _is_out(verdict),
                "biased": "too low" if (lift or 0) < 0 else "too high",
            }
        )
    return found


def _is_out(verdict: dict[str, Any]) -> bool:
    return any(reason["code"] == "withdrawn" for reason in verdict["reasons"])


def arms(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The arms side by side, control first."""
    metric = results["primary"]["metric"]
    exposed = sum(arm["exposed"] for arm in results["arms"]) or 1
    return [
        {
            **arm,
            "planned": f"{arm['share'] / 100:g} %",
            "got": f"{100 * arm['exposed'] / exposed:.1f} %",
            "mean": value(arm["counted"]["mean"], metric),
            "open_mean": value(arm["provisional"]["mean"], metric),
            "chance": arm["chance_best"],
            "loss": value(arm["expected_loss"], metric),
        }
        for arm in results["arms"]
    ]


def guardrails(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each guardrail in each treatment, as a light."""
    found = []
    for each in results["guardrails"]:
        light, said = LIGHTS[each["state"]]
        smallest = min(each["control"]["units"], each["treated"]["units"])
        found.append(
            {
                "name": each["metric"]["name"],
                "treatment": each["treatment"],
                "light": light,
                "said": said,
                "margin": percent(each["margin"]) if each["margin"] else "",
                "control": value(each["control"]["mean"], each["metric"]),
                "treated": value(each["treated"]["mean"], each["metric"]),
                "lift": "–" if each["lift"] is None else percent(each["lift"], signed=True),
                "missing": max(int(each["needed"] or 0) - smallest, 0) if light == "wait" else 0,
            }
        )
    return found


def secondaries(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each secondary metric in each treatment."""
    return [
        {
            "name": each["metric"]["name"],
            "treatment": each["treatment"],
            "interval": interval_of(each, each["metric"]),
            "q": p_value(each["q"]),
            "control": value(each["control"]["mean"], each["metric"]),
            "treated": value(each["treated"]["mean"], each["metric"]),
            "too_early": each["too_early"],
        }
        for each in results["secondaries"]
    ]


def waits(results: dict[str, Any]) -> list[str]:
    """What the ramp's next step waits for, in words."""
    following = results["ramp"]["next"]
    return [WAITS.get(code, code) for code in following["waits_for"]] if following else []
