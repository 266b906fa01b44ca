"""The statistics of experiments: numbers in, frozen dataclasses out, nothing of Django and no database.

Read in this order: `totals` (what an arm's units add up to), `estimate` (a mean with its error), `start` (when a
comparison may be read), `sequence` (what may be looked at at any time), `relative`, `split`, `read` (everything about
one experiment at an instant), `verdict` (what to do). Beside them `secondary`, `belief`, `power` and `holdback`.

What is promised, why it holds and what was measured stands in docs/statistics.md.

A `Number` is a float or an array of float64: the formulas work on one experiment, or on thousands at once, which is
how the simulations in tests and benchmarks check the very code that decides.
"""
