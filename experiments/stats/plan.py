"""This file lets you say what an experiment set out to compare, and what it has seen: the input of `read`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from experiments.stats.estimate import Kind
from experiments.stats.sequence import Bounds
from experiments.stats.split import Phase
from experiments.stats.start import LEAST_UNITS
from experiments.stats.totals import Totals

GUARDRAIL_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured. `better` says which way is good; `name` is for the words of a verdict."""

    slug: str
    name: str
    kind: Kind
    better: Literal["more", "less"] = "more"

    @property
    def sign(self) -> int:
        return 1 if self.better == "more" else -1


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that must not get worse by more than `margin`, relative to the control, 0 or more."""

    metric: Metric
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What was fixed at start. `shares` by arm on any positive scale, control first; `planned_units` (N*) in all;
    `smallest_effect` relative, 0 or more, in the direction of better."""

    treatments: tuple[str, ...]
    shares: tuple[float, ...]
    primary: Metric
    planned_units: float
    smallest_effect: float = 0.0
    guardrails: tuple[Guardrail, ...] = ()
    secondaries: tuple[Metric, ...] = ()
    significance: float = 0.05
    min_sample_size: int = LEAST_UNITS

    def __post_init__(self) -> None:
        if not self.treatments or len(self.shares) != len(self.treatments) + 1 or min(self.shares) <= 0:
            raise ValueError("A plan has at least one treatment, and one share above 0 for the control and for each.")
        if self.planned_units <= 0 or self.smallest_effect < 0 or not 0 < self.significance < 1:
            raise ValueError("Planned units are above 0, the smallest effect 0 or more, the significance in (0, 1).")

    @property
    def level(self) -> float:
        """The significance of one comparison: intervals over all treatments hold together (Bonferroni)."""
        return self.significance / len(self.treatments)

    @property
    def guardrail_level(self) -> float:
        """The one-sided significance of one guardrail in one treatment."""
        return GUARDRAIL_LEVEL / (max(len(self.guardrails), 1) * len(self.treatments))

    def planned_for(self, *arms: int) -> float:
        """Units planned for these arms together (0 is the control)."""
        return self.planned_units * sum(self.shares[arm] for arm in arms) / sum(self.shares)


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known at one look.

    `totals`: by metric slug, each arm's, control first; only units whose window has closed, all arms cut at the same
    exposure time, values capped alike in all arms. `phases`: exposures for the split. `in_two_arms`: units that were
    seen in more than one arm. `withdrawn`: treatments that are out. `time_up`: the last windows have closed, and what
    they brought has been read once already; at that first full reading it is still False.
    """

    totals: Mapping[str, tuple[Totals, ...]]
    phases: tuple[Phase, ...]
    in_two_arms: int = 0
    withdrawn: frozenset[str] = frozenset()
    time_up: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What all looks so far agree on. Keep it with the experiment and hand it to the next look; begin with `Memory()`.

    Plain numbers and None, fit for JSON."""

    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    split_p: float = 1.0
