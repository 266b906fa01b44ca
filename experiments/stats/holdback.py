"""This file lets you measure what a shipped version is worth, on units that were held back from it.

The estimate at which an experiment stopped is probably too high, because it stopped on it. Units that go on getting the
old version after the shipping, and units of the same time that get the new one, were not chosen by what was seen."""

from dataclasses import dataclass

from experiments.stats.compare import Comparison
from experiments.stats.plan import Memory, Metric, Observed, Plan
from experiments.stats.read import read
from experiments.stats.split import Split


@dataclass(frozen=True, slots=True)
class Holdback:
    """The shipped version against the held-back units: its `comparison.lift` replaces the experiment's estimate."""

    comparison: Comparison
    split: Split
    memory: Memory


def measure_holdback(
    *, metric: Metric, name: str, held_back: float, planned_units: float, observed: Observed, memory: Memory
) -> Holdback:
    """Of units exposed after the shipping alone; `observed` has two arms, the held-back one first.

    `held_back`: its share, in (0, 1). `planned_units`: as many as the experiment's is a good choice. A new sequence
    with a memory of its own: nothing of the experiment enters it."""
    plan = Plan(treatments=(name,), shares=(held_back, 1 - held_back), primary=metric, planned_units=planned_units)
    reading = read(plan, observed, memory)
    return Holdback(reading.primary[0], reading.split, reading.memory)
