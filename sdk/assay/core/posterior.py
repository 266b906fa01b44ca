"""What each of some prompts may be worth, after what it has earned: one draw from each posterior.

Every draw is a quantile of its own Beta posterior. The levels of the draws lean on each other (correlation 3/4), which
changes none of the posteriors, and wastes fewer visitors on what is known to be worse: where a visitor's draws are all
high, the least known wins, where they are all low, the best known. Fully tied they would send a whole crowd to one of
two newcomers; untied, they close some five hundredths less of the gap to the best. After Vaswani, Mehrabian, Durand and
Kveton 2020, "Old Dog Learns New Tricks: Randomized UCB for Bandit Problems" (AISTATS), where the coupling is described.

Nothing here needs more than SHA-256 and doubles, so that it can be done in any language.
"""

from hashlib import sha256
from math import sqrt
from statistics import NormalDist
from struct import Struct

_inverse = NormalDist().inv_cdf
_FOUR = Struct(">4Q")
SHARED, OWN = sqrt(0.75), sqrt(0.25)


def levels(seed: bytes, number: int) -> list[float]:
    """So many standard normal numbers, any two of them correlated by 3/4: a pure function of the seed.

    The first are the same however many are asked for.
    """
    shared, *own = _normals(seed, number + 1)
    shared *= SHARED
    return [shared + OWN * each for each in own]


def _normals(seed: bytes, number: int) -> list[float]:
    """Independent standard normal numbers, four from each of SHA-256 of the seed, of that, and so on."""
    digest = seed
    bits: list[int] = []
    while len(bits) < number:
        digest = sha256(digest).digest()
        bits += _FOUR.unpack(digest)
    # Half a step above the lower end: never 0 and never 1, whose quantiles are infinite.
    return [_inverse((2 * (each >> 12) + 1) / 2**53) for each in bits[:number]]


class Posterior:
    """Beta(alpha, beta), both at least 1, made ready for its quantiles."""

    __slots__ = ("first", "lower", "middle", "ratio", "second", "upper")

    def __init__(self, alpha: float, beta: float) -> None:
        self.ratio = alpha / beta
        self.first, self.second = 1 / (9 * alpha), 1 / (9 * beta)
        self.lower, self.upper = (1 - self.first) ** 2, (1 - self.second) ** 2
        self.middle = (1 - self.first) * (1 - self.second)

    def quantile(self, level: float) -> float:
        """The quantile that lies where `level` lies in the standard normal.

        Paulson's cube-root approximation of the F distribution (1942, Annals of Mathematical Statistics 13:233), solved
        for F. Between the levels -2 and 2 it is off by at most 0.012, and by less than 0.001 once both parameters pass
        10.
        """
        square = self.upper - level * level * self.second
        rest = self.lower - level * level * self.first
        reach = self.middle * self.middle - square * rest
        reach = sqrt(reach) if reach > 0 else 0.0
        if level <= 0:
            root = rest / (self.middle + reach)
        elif square > 0:
            root = (self.middle + reach) / square
        else:  # so far out, and so little known, that the approximation ends
            return 1.0
        if root <= 0:
            return 0.0
        odds = self.ratio * root * root * root
        return odds / (1 + odds)
