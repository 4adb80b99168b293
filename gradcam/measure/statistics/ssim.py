from __future__ import annotations

import numpy as np

from gradcam.measure.checked import checked_map
from gradcam.measure.errors import MeasureError

K1, K2 = 0.01, 0.03


def ssim(a: np.ndarray, b: np.ndarray, window: int = 7, full: float = 1.0) -> float:
    """Structural similarity (Wang et al. 2004, eq. 13), the mean over all windows inside the picture -> at
    most 1, which equal maps have.

    a, b (H, W), values up to `full`; window: side of the square window, pixels, all of which weigh the same.
    MeasureError if they differ in size, are smaller than a window, or are not finite.
    """
    a, b = (checked_map(v).astype(np.float64) for v in (a, b))
    if a.shape != b.shape or not 1 < window <= min(a.shape):
        raise MeasureError(
            f"two maps of one size are compared in windows of {window} pixels; "
            f"these are {a.shape} and {b.shape}"
        )
    n = window**2
    mean_a, mean_b = means(a, window), means(b, window)
    var_a, var_b, cov = (
        (means(p * q, window) - m * k) * n / (n - 1)
        for p, q, m, k in ((a, a, mean_a, mean_a), (b, b, mean_b, mean_b), (a, b, mean_a, mean_b))
    )
    c1, c2 = (K1 * full) ** 2, (K2 * full) ** 2
    alike = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    return float((alike / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def means(a: np.ndarray, window: int) -> np.ndarray:
    """The mean of every window inside a (H, W) -> (H - window + 1, W - window + 1)"""
    return np.lib.stride_tricks.sliding_window_view(a, (window, window)).mean(axis=(-2, -1))
