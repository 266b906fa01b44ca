"""Say what a replay came to, in plain text. Pure."""

from collections.abc import Mapping, Sequence

from experiments.replay.play import Outcome, add_up


def tell(outcomes: Mapping[str, Sequence[Outcome]]) -> list[str]:
    """A line for each test and one for all, from the outcomes by policy. Rates are clicks in a thousand visitors."""
    policies = list(outcomes)
    everything = [add_up(outcomes[policy]) for policy in policies]
    width = max(len(outcome.test_id) for outcome in outcomes[policies[0]])
    over = " " * (width + 18) + "clicks in a thousand visitors".center(9 * (len(policies) + 2))
    lines = [
        over + "   " + "gap closed".center(10 * len(policies)),
        _row("test".ljust(width), "arms", "visitors", ["uniform", *policies, "best"], policies),
    ]
    rows = list(zip(*(outcomes[policy] for policy in policies), strict=True))
    lines += [_outcome(width, row) for row in rows]
    lines.append("-" * max(len(line) for line in lines))
    lines.append(_outcome(width, everything))
    return lines


def conclude(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """What all of it means, as one paragraph without line breaks."""
    under = {policy: add_up(found) for policy, found in outcomes.items()}
    first = next(iter(under.values()))
    sentences = [
        f"Had each visitor seen one of a test's headlines at random, {_thousandth(first.uniform, first)} in a thousand"
        f" would have clicked; had all seen the one that turned out best, {_thousandth(first.best, first)}."
    ]
    for policy, outcome in under.items():
        earned = f"With `{policy}`, {_thousandth(outcome.clicks, outcome)} did"
        share = "" if outcome.gap_closed is None else f": {100 * outcome.gap_closed:.1f} % of that gap closed"
        sentences.append(f"{earned}{share}.")
    return " ".join(sentences)


def _thousandth(clicks: float, outcome: Outcome) -> str:
    return f"{1000 * clicks / outcome.visitors:.2f}"


def _outcome(width: int, under: Sequence[Outcome]) -> str:
    first = under[0]
    rates = [first.uniform, *(outcome.clicks for outcome in under), first.best]
    return _row(
        first.test_id.ljust(width),
        str(first.arms),
        f"{first.visitors:,}",
        [_thousandth(rate, first) for rate in rates],
        ["–" if outcome.gap_closed is None else f"{100 * outcome.gap_closed:.0f} %" for outcome in under],
    )


def _row(test: str, arms: str, visitors: str, rates: Sequence[str], closed: Sequence[str]) -> str:
    rate_columns = "".join(rate.rjust(9) for rate in rates)
    return f"{test} {arms:>5} {visitors:>11}{rate_columns}   {''.join(share.rjust(10) for share in closed)}"
