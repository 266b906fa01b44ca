"""One line of the table of benchmarks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, what was asked of it (empty: for comparison), what came out, and how much of the limit it took
    or of the ceiling it reached (empty: neither)."""

    what: str
    asked: str
    measured: str
    ratio: str = ""

    def __str__(self) -> str:
        return f"{self.what:<62} {self.asked:>15} {self.measured:>28} {self.ratio:>6}"


HEAD = Row("", "asked", "measured", "ratio")


def within(limit: float, measured: float) -> str:
    """How much of a limit was taken: above 1 it is broken."""
    return f"{measured / limit:.2f}"
