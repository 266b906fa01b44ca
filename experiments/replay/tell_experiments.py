"""Say what a replay of experiments came to, in plain text. Pure."""

from collections.abc import Sequence

from experiments.replay.play import Outcome, add_up
from experiments.replay.try_out import Trial

VERDICTS = {"ship": "ship", "roll_back": "roll back", "conclude": "no winner", None: "none yet"}


def tell_trials(trials: Sequence[Trial]) -> list[str]:
    """A line for each test and one for all. `took`: visitors until the verdict; `lost`: clicks that cost, until then
    and after it, against showing everybody the best headline; rates are clicks in a thousand visitors."""
    everything = add_up([trial.outcome for trial in trials])
    width = max(len("test"), *(len(trial.outcome.test_id) for trial in trials))
    names = ["took", "lost", "after", "uniform", "tested", "best"]
    lines = [
        " " * (width + 25) + "clicks lost".rjust(18) + "clicks in a thousand".rjust(27),
        _row("test".ljust(width), "arms", ["verdict", "serves"], names),
    ]
    lines += [
        _row(
            trial.outcome.test_id.ljust(width),
            str(trial.outcome.arms),
            [VERDICTS[trial.end], "the best" if trial.is_best else "another"],
            [*_counts([trial]), *_rates(trial.outcome)],
        )
        for trial in trials
    ]
    lines.append("-" * max(len(line) for line in lines))
    best = f"{sum(trial.is_best for trial in trials)} best"
    numbers = [*_counts(trials), *_rates(everything)]
    lines.append(_row(everything.test_id.ljust(width), str(everything.arms), ["", best], numbers))
    return lines


def conclude_trials(trials: Sequence[Trial]) -> str:
    """What all of it means, as one paragraph without line breaks."""
    ended = [trial for trial in trials if trial.end is not None]
    shipped = [trial for trial in trials if trial.end == "ship"]
    back = [trial for trial in trials if trial.end == "roll_back"]
    everything = add_up([trial.outcome for trial in trials])
    sentences = [
        f"Of {len(trials)} experiments {len(ended)} came to a verdict: {len(shipped)} shipped a headline,"
        f" {len(back)} kept the first because all others were worse, and {len(ended) - len(shipped) - len(back)} found"
        f" that no difference worth having was left."
    ]
    if shipped:
        taken = sorted(trial.taken for trial in shipped)[len(shipped) // 2]
        better = sum(trial.is_best for trial in shipped)
        sentences.append(
            f"A shipping took {taken:,} visitors in the middle, and {better} of {len(shipped)} shipped the best of all"
            " by the real figures."
        )
    sentences.append(
        f"Until the verdicts {sum(trial.lost for trial in trials):,} clicks were lost against having known the best"
        f" headline from the start, and {sum(trial.lost_afterwards for trial in trials):,} afterwards, of"
        f" {everything.best:,} that could be had."
    )
    return " ".join(sentences)


def _counts(trials: Sequence[Trial]) -> list[str]:
    each = ((trial.taken, trial.lost, trial.lost_afterwards) for trial in trials)
    return [f"{sum(column):,}" for column in zip(*each, strict=True)]


def _rates(outcome: Outcome) -> list[str]:
    return [f"{1000 * clicks / outcome.visitors:.2f}" for clicks in (outcome.uniform, outcome.clicks, outcome.best)]


def _row(test: str, arms: str, words: Sequence[str], numbers: Sequence[str]) -> str:
    """`words`: the verdict, and what is served in the end. `numbers`: from the visitors that it took on."""
    return f"{test} {arms:>4}  {words[0]:<9}{''.join(each.rjust(9) for each in numbers)}  {words[1]:>9}"
