"""Ties among pool windows: there the gradient is a matter of convention, and rounding decides it."""

import numpy as np

from minicnn import MaxPool, history
from minicnn.windows import pad_to_fit, taps

NEAR = 1e-12  # relative: closer values are one value, rounded differently


def tied(y):
    """The names of the max-pools before y with a window whose two largest values are equal, and positive."""
    return [t.name for t in history(y) if isinstance(t.op, MaxPool) and _any(t.op, t.data)]


def _any(op, maximum):
    padded = pad_to_fit(
        op.inputs[0].data, op.kernel, op.stride, op.pad, op.dilation, op.windows, value=-np.inf
    )
    near = sum(
        (padded[at] >= maximum * (1 - NEAR)).astype(np.uint8)
        for *_, at in taps(op.kernel, op.stride, op.dilation, op.windows)
    )
    return bool(np.any((near > 1) & (maximum > 0)))
