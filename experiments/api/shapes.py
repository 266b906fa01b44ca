"""What results and verdicts look like, for the schema: plain JSON that `experiments.results` makes.

Rates, effects and lifts are relative: 0.05 is 5 %. Shares and coverage are ten-thousandths. An interval holds at all
times at once, so it may be looked at whenever one likes."""

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

Interval: TypeAlias = tuple[float, float]
Said: TypeAlias = Literal["ship", "keep_running", "roll_back", "inconclusive"]
Action: TypeAlias = Literal["ship", "roll_back", "conclude", "withdraw"]


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """What all of these have in common: nothing in them is unknown."""


class Why(Shape):
    """A stable code for programs, and a sentence for people."""

    code: str
    text: str


class TreatmentSays(Shape):
    """The verdict on one treatment. `untrusted`: inconclusive because the data cannot be believed."""

    arm: int
    treatment: str
    outcome: Said
    untrusted: bool
    reasons: list[Why]


class VerdictShape(Shape):
    """`arm`: the treatment to ship. `withdraw`: treatments to take out while the rest goes on. `concludes`: the
    experiment is over with this. `holds_ramp`: coverage must not grow now. `calls_person`: somebody must look."""

    outcome: Said
    arm: int | None
    reasons: list[Why]
    treatments: list[TreatmentSays]
    withdraw: list[int]
    concludes: bool
    holds_ramp: bool
    calls_person: bool


class Asked(Shape):
    """What the last verdict asks for while nobody has done it. `arm` is null where it is about none."""

    action: Action
    arm: int | None
    reasons: list[Why]
    since: datetime


class ExperimentVerdict(Shape):
    """The verdict as of now; what it asks for, null where nothing; why somebody must look, empty where nobody need."""

    status: Literal["running", "paused", "concluded"]
    verdict: VerdictShape
    proposal: Asked | None
    alarm: str


class Measurement(Shape):
    """Units, their mean in the metric's measure, and its standard error; null where not known."""

    units: int
    mean: float | None
    error: float | None


class MeasuredMetric(Shape):
    """A metric by its names. `closes_after_seconds`: how long after its exposure a unit is counted."""

    id: UUID
    slug: str
    name: str
    kind: Literal["conversion", "mean", "ratio"]
    measure: str
    more_is_better: bool
    closes_after_seconds: float


class Compared(Shape):
    """A treatment against the control. `too_early`: not read before both arms hold `needed` units, and then nothing is
    decided. `difference` and `lift` are point estimates, absolute and relative; the intervals hold at all times at
    once. `p` is always-valid, times the number of treatments."""

    arm: int
    treatment: str
    too_early: bool
    needed: float | None
    control: Measurement
    treated: Measurement
    difference: float | None
    interval: Interval | None
    lift: float | None
    lift_interval: Interval | None
    p: float | None
    changed_over_time: bool


class ComparedBeside(Compared, kw_only=True):
    """The same in a secondary metric. `q`: its p-value after Benjamini and Hochberg, over all secondaries."""

    metric: MeasuredMetric
    q: float | None


class Primary(Shape):
    """The primary metric, each treatment against the control."""

    metric: MeasuredMetric
    comparisons: list[Compared]


class Guarded(Shape):
    """A guardrail in one treatment: it must not get worse by more than `margin`, relative to the control."""

    metric: MeasuredMetric
    margin: float
    arm: int
    treatment: str
    state: Literal["sound", "crossed", "too_early"]
    needed: float | None
    control: Measurement
    treated: Measurement
    lift: float | None


class ArmSays(Shape):
    """One arm. `counted`: units whose window has closed; `provisional`: those whose window is open still, which decide
    nothing. `chance_best` and `expected_loss` decide nothing either, and are not protected against looking."""

    number: int
    name: str
    version: dict[str, str]
    share: int
    withdrawn_at: datetime | None
    exposed: int
    counted: Measurement
    provisional: Measurement
    late_share: float
    chance_best: float | None
    expected_loss: float | None


class SplitPhase(Shape):
    """A time in which the same arms were open: their planned shares, and the units that were exposed."""

    shares: list[float]
    exposed: list[int]


class SplitSays(Shape):
    """Whether exposures fell on the arms as planned. `p` is always-valid and decides; `chi_square_p` does not.
    `in_two_arms`: the share of units seen in more than one arm."""

    sound: bool
    units_sound: bool
    p: float
    chi_square_p: float | None
    in_two_arms: float
    phases: list[SplitPhase]


class Units(Shape):
    """Exposed, counted (their window has closed), open, and planned in all; and those seen in more than one arm."""

    exposed: int
    counted: int
    open: int
    planned: int | None
    in_two_arms: int


class Cap(Shape):
    """What a unit's value counts up to; once frozen it stays."""

    at: float
    frozen: bool


class Step(Shape):
    """The ramp's next step, and what it waits for; nothing where it may be taken. `units`: how many it takes to leave
    the step before."""

    coverage: int
    not_before: datetime
    units: int
    waits_for: list[Literal["paused", "time", "units", "guardrails_or_split", "verdict"]]


class RampSays(Shape):
    """Where the ramp stands; `next` is null at its end."""

    step: int
    coverage: int
    next: Step | None


class Course(Shape):
    """Where it is heading at today's traffic. `detectable_…`: the relative effect found with 80 % power."""

    units_per_day: float | None
    days_left: float | None
    exposure_ends_at: datetime
    read_in_full_at: datetime
    time_up: bool
    detectable_now: float | None
    detectable_at_end: float | None


class AboutIt(Shape):
    """The experiment, as it stood."""

    id: UUID
    name: str
    purpose: Literal["test", "holdback"]
    mode: Literal["manual", "approval", "auto"]
    status: Literal["running", "paused", "concluded"]
    significance: float
    smallest_effect: float


class HeldBack(Shape):
    """What a shipped version is worth by units that were held back from it: this replaces the first estimate."""

    id: UUID
    status: Literal["running", "paused", "concluded"]
    units: int
    too_early: bool
    lift: float | None
    lift_interval: Interval | None
    difference: float | None
    interval: Interval | None
    p: float | None


class ExperimentResults(Shape):
    """All that is known of an experiment `at` a time: of a live one as of a minute or two ago, of a concluded one as it
    stood then. `holdback` is there once it is concluded, null where none was kept. `reports_without_unit`: engagement
    reports that named no unit and so entered nothing."""

    at: datetime
    experiment: AboutIt
    units: Units
    arms: list[ArmSays]
    primary: Primary
    guardrails: list[Guarded]
    secondaries: list[ComparedBeside]
    split: SplitSays
    caps: dict[str, Cap]
    verdict: VerdictShape
    ramp: RampSays
    course: Course
    reports_without_unit: int
    holdback: HeldBack | msgspec.UnsetType | None = msgspec.UNSET
