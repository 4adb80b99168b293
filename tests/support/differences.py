"""Central differences, the independent truth about a gradient."""

import numpy as np


def central(f, arrays, i, gy, h=1e-5):
    """d <gy, f(*arrays)> / d arrays[i], element by element: (f(x + h) - f(x - h)) / 2h."""
    arrays = [a.copy() for a in arrays]
    x, numeric = arrays[i], np.zeros_like(arrays[i])
    for at in np.ndindex(x.shape):
        value = x[at]
        x[at] = value + h
        above = f(*arrays) + 0  # a copy: f may return a view of x
        x[at] = value - h
        below = f(*arrays) + 0
        x[at] = value
        numeric[at] = (gy * (above - below)).sum() / (2 * h)
    return numeric


def assert_gradient(ours, numeric):
    """Tolerance scaled by the array, not by its elements: 1e-8 + 1e-6 max|numeric|."""
    assert ours.shape == numeric.shape
    assert np.abs(numeric).max() > 0, "the true gradient is zero: nothing was compared"
    error, allowed = np.abs(ours - numeric).max(), 1e-8 + 1e-6 * np.abs(numeric).max()
    assert error <= allowed, f"gradient is off by {error:.2e}; {allowed:.2e} allowed"
