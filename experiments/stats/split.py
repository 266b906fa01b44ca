"""This file lets you tell whether exposures fell on the arms as planned: the sample ratio.

Where they did not, some units were lost on the way, and those left are not comparable: no estimate can be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaln

CONCENTRATION = 1000.0
ALARM = 0.001
MOST_IN_TWO_ARMS = 0.01


@dataclass(frozen=True, slots=True)
class Phase:
    """A time in which the same arms were open: their planned shares (any positive scale) and exposed units, by arm.

    Withdrawing an arm ends one phase and begins another, of the arms that are left."""

    shares: tuple[float, ...]
    exposed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """`p`: always-valid, over all looks so far; it alone decides. `chi_square_p`: of this look only, for reference.
    `in_two_arms`: the share of exposed units that were seen in more than one arm."""

    p: float
    chi_square_p: float
    in_two_arms: float

    @property
    def sound(self) -> bool:
        return self.p >= ALARM

    @property
    def units_sound(self) -> bool:
        return self.in_two_arms <= MOST_IN_TWO_ARMS


def log_evidence(exposed: NDArray[Any], shares: Sequence[float]) -> Any:
    """The natural logarithm of the evidence against the planned split; arms run along the last axis of `exposed`.

    A Dirichlet mixture over all splits, 1,000 units' worth around the planned one, over the planned multinomial
    (Lindon, Malek 2022, "Anytime-Valid Inference for Multinomial Count Data", eq. 5). It is a martingale from 1 when
    the split is as planned, so that it ever reaches 1/α has a chance of at most α (Ville).
    """
    plan = np.asarray(shares, dtype=np.float64)
    plan = plan / plan.sum()
    prior = CONCENTRATION * plan
    counts = np.asarray(exposed, dtype=np.float64)
    mixture = gammaln(CONCENTRATION) - gammaln(CONCENTRATION + counts.sum(axis=-1))
    mixture = mixture + (gammaln(prior + counts) - gammaln(prior)).sum(axis=-1)
    return mixture - (counts * np.log(plan)).sum(axis=-1)


def check_split(phases: Sequence[Phase], *, in_two_arms: int = 0, smallest_p: float = 1.0) -> Split:
    """The split so far. `smallest_p` is that of all looks before: an alarm does not go away.

    The evidence of phases multiplies, as each goes on from where the one before ended, and χ² adds."""
    evidence, statistic, freedom = 0.0, 0.0, 0
    for phase in phases:
        counts = np.asarray(phase.exposed, dtype=np.float64)
        if len(phase.exposed) < 2 or not counts.sum():
            continue
        evidence += float(log_evidence(counts, phase.shares))
        expected = counts.sum() * np.asarray(phase.shares) / sum(phase.shares)
        statistic += float(((counts - expected) ** 2 / expected).sum())
        freedom += len(phase.exposed) - 1
    total = sum(sum(phase.exposed) for phase in phases)
    return Split(
        p=min(smallest_p, float(np.exp(-max(evidence, 0.0)))),
        chi_square_p=float(chdtrc(freedom, statistic)) if freedom else 1.0,
        in_two_arms=in_two_arms / total if total else 0.0,
    )
