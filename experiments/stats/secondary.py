"""This file lets you ask many secondary questions without finding something by asking often."""

from collections.abc import Sequence

import numpy as np


def discover(p_values: Sequence[float]) -> tuple[float, ...]:
    """Each p-value adjusted so that, taking all at or below q, at most a share q of them is expected to be chance.

    Benjamini, Hochberg (1995, "Controlling the False Discovery Rate"): the smallest p_(j)·m / j over j ≥ rank. Over
    always-valid p-values, which are above uniform under the null at any stopping time, it holds at any time as well.
    """
    if not p_values:
        return ()
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return tuple(float(each) for each in adjusted)
