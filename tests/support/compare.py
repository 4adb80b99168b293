"""How far two arrays are apart; a comparison with nothing has compared nothing, and fails."""

import numpy as np


def relative(ours, reference):
    """|ours - reference| / |reference|, Euclidean norms over all values."""
    ours, reference = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    assert ours.shape == reference.shape, f"shapes differ: {ours.shape} and {reference.shape}"
    size = np.linalg.norm(reference)
    assert np.isfinite(size) and size > 0, "the reference is zero or not finite: nothing was compared"
    return np.linalg.norm(ours - reference) / size


def assert_close(ours, reference, tolerance=1e-12):
    assert relative(ours, reference) <= tolerance, (
        f"relative distance {relative(ours, reference):.2e} > {tolerance:.0e}"
    )


def same_bits(a, b):
    """True if two arrays agree in shape, dtype and every byte."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
